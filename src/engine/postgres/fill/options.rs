//! How a fill is done, and where it is recorded.

/// Where a fill is recorded: what its rows in `miglab.range` are found by.
#[derive(Clone, Copy, Debug)]
pub struct FillId<'a> {
    /// The number of the run.
    pub run: i64,
    /// The number of the step in the run.
    pub step: i32,
    /// The number of the operation in the step.
    pub op: i32,
    /// Who does it. A batch is done only as long as the range still belongs to this one.
    pub owner: &'a str,
}

/// How a fill is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Workers, each with a connection of its own; one at least.
    pub jobs: u32,
    /// How long a batch should take, in milliseconds, where the script does not say how many rows it has.
    pub target_ms: u32,
    /// It waits while a standby is further behind than so many milliseconds.
    pub max_lag_ms: Option<u64>,
    /// It waits while a standby is further behind than so many bytes.
    pub max_lag_bytes: Option<u64>,
    /// It waits while more sessions than this wait for locks.
    pub max_waiting: Option<u32>,
    /// It waits while more sessions than this are active, its own not counted.
    pub max_active: Option<u32>,
    /// The table is vacuumed meanwhile, where it is large enough and the role may, so that it grows less.
    pub vacuum: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 1,
            target_ms: 10,
            max_lag_ms: Some(10_000),
            max_lag_bytes: None,
            max_waiting: Some(10),
            max_active: None,
            vacuum: true,
        }
    }
}

impl Options {
    pub(super) fn workers(&self) -> usize {
        usize::try_from(self.jobs).unwrap_or(usize::MAX).max(1)
    }
}
