"""Pages run by themselves, many times in one process."""

from functools import cache

from streamlit.components.v2 import manifest_scanner

from tests.actions.conftest import filled_site, sqlite_site  # noqa: F401 -- fixtures

# Each new AppTest reads the metadata of every installed package: half of the time of a page's first run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
