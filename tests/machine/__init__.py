import pytest

# Their asserts speak, too.
pytest.register_assert_rewrite("tests.machine.house", "tests.machine.model", "tests.machine.reality")
