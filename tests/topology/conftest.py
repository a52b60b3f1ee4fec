"""So that what the comparison finds is shown."""

import pytest

pytest.register_assert_rewrite("tests.topology.batch_compare")
