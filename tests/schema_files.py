"""Write the schemas of documents into their files: python -m tests.schema_files"""

from __future__ import annotations

from pathlib import Path

from racer.viz.documents import schemas

FOLDER = Path(schemas.__file__).parent / "schemas"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for kind, document in schemas.KINDS.items():
        (FOLDER / f"{kind}.json").write_text(schemas.made_schema(document))


if __name__ == "__main__":
    main()
