"""Groups of costly tests of one kind in a folder, of which some are due at each commit."""

import pytest

climbs = pytest.mark.in_turns(3, group="climbs")
odd_trees = pytest.mark.in_turns(2, group="odd trees")
odd_seeds = pytest.mark.in_turns(10, group="odd seeds")
single_steps = pytest.mark.in_turns(2, group="single steps")
plain_updates = pytest.mark.in_turns(1, group="plain updates")
proofs = pytest.mark.in_turns(2, group="proofs")
layers = pytest.mark.in_turns(1, group="layers")
pages = pytest.mark.in_turns(1, group="pages")
whole_ways = pytest.mark.in_turns(1, group="whole ways")
gates_that_bite = pytest.mark.in_turns(2, group="gates that bite")
interrupted_projects = pytest.mark.in_turns(2, group="projects that are interrupted")
running_modules = pytest.mark.in_turns(1, group="modules that run")
running_systems = pytest.mark.in_turns(1, group="systems that run")
certificates = pytest.mark.in_turns(1, group="certificates")
