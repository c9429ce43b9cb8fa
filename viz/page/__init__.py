"""The HTML report: `report` says what stands on it, `page` fills in the template in `assets`."""
