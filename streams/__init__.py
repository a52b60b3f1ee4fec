"""The processor: Faust agents that join signals and ticks into per-signal state."""
