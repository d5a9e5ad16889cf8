//! The states of a run.

use crate::ast::Phase;

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// No statement of a phase has begun.
    Pending,
    /// In expand.
    Expanding,
    /// In migrate.
    Migrating,
    /// In contract.
    Contracting,
    /// All statements are done.
    Complete,
    /// Everything that was done is undone.
    RolledBack,
}

impl RunState {
    /// The state of a run in a phase.
    #[must_use]
    pub fn of(phase: Phase) -> Self {
        match phase {
            Phase::Expand => Self::Expanding,
            Phase::Migrate => Self::Migrating,
            Phase::Contract => Self::Contracting,
        }
    }

    /// The word of reports: `EXPANDING`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Expanding => "EXPANDING",
            Self::Migrating => "MIGRATING",
            Self::Contracting => "CONTRACTING",
            Self::Complete => "COMPLETE",
            Self::RolledBack => "ROLLED_BACK",
        }
    }
}
