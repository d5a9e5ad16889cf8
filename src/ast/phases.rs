//! The phases that statements belong to.

use crate::ast::{Phase, StatementKind};

/// Where a statement may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phases {
    /// The phase that it is taken to stand in where none is written; none for rollout and gates.
    pub usual: Option<Phase>,
    /// The phases in which it is safe; none for what belongs to no phase, or is refused anyhow.
    pub allowed: &'static [Phase],
}

impl StatementKind {
    /// The phases that the statement belongs to.
    #[must_use]
    pub fn phases(&self) -> Phases {
        use Phase::{Contract, Expand, Migrate};
        let (usual, allowed): (_, &[Phase]) = match self {
            Self::AddColumn(_)
            | Self::AddTable(_)
            | Self::AddIndex(_)
            | Self::AddCheck(_)
            | Self::AddNotNull(_)
            | Self::AddUnique(_)
            | Self::AddForeignKey(_)
            | Self::Sync(_) => (Some(Expand), &[Expand]),
            Self::Backfill(_) | Self::Seed(_) | Self::Copy(_) | Self::Validate(_) | Self::Verify(_) => {
                (Some(Migrate), &[Migrate])
            }
            Self::DropColumn(_)
            | Self::DropTable(_)
            | Self::DropIndex(_)
            | Self::DropSync(_)
            | Self::DropDefault(_)
            | Self::SetNotNull(_) => (Some(Contract), &[Contract]),
            Self::DropNotNull(_) | Self::SetDefault(_) | Self::DropCheck(_) => (Some(Expand), &[Expand, Contract]),
            Self::DropUnique(_) | Self::DropForeignKey(_) => (Some(Contract), &[Expand, Contract]),
            Self::RenameColumn(_) | Self::RenameTable(_) | Self::AlterType(_) => (Some(Expand), &[]),
            Self::Deploy(_) | Self::Retire(_) | Self::Confirm(_) | Self::Wait(_) => (None, &[]),
        };
        Phases { usual, allowed }
    }
}
