"""All rules, as pure functions of events; standard library and numpy only."""
