"""Handing over: papers that say what was proved, or the reasons why not yet."""
