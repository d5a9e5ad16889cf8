//! The rules of the model, by name. With the feature `ablation`, which the tests enable, one can be taken away, to see
//! that some verdict changes; without it they all hold, and nothing asks at run time.

/// A rule of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A write makes stale what carries one of its facts and is not written.
    WriteMakesStale,
    /// Syncs fire when a column that they follow changes.
    SyncFires,
    /// Columns that carry a common fact are written together by an application that writes them.
    DualWrite,
    /// A backfill gives a column the freshness of what it reads.
    BackfillTakesFreshness,
    /// A backfill ends when every row that was there at its beginning has been visited.
    BackfillVisitsAll,
    /// Rows may be inserted at any time.
    RowsAreInserted,
    /// Rows may be deleted at any time.
    RowsAreDeleted,
    /// A delete is a write of all that the row says: what rows of other tables know of it is old.
    DeletesAreWrites,
    /// A foreign key that the plan adds refuses to delete, and to give another key, what rows refer to.
    ReferencesHold,
    /// A column that may be null at the start is null in some rows.
    NullsAtStart,
    /// An application may write null where it knows of nothing that forbids it.
    NullWrites,
    /// An application that the plan deploys knows the plan's constraints on what it writes.
    ConstraintsAreKnown,
    /// Dropping the last column of a fact is a removal on purpose.
    LastCarrierGoesOnPurpose,
    /// A column with a default is not unset.
    DefaultIsAValue,
    /// Null where the newest value is null is not an unset read.
    NullMayBeTheTruth,
    /// A row that a sync inserts in another table comes whole.
    PartnersComeWhole,
    /// A copy fills what is null in a row that is there.
    CopyCompletes,
    /// `where d is distinct from E` leaves out only rows that need nothing.
    DistinctLeavesOutNothing,
    /// Two rows may meet in a unique constraint.
    RowsMeet,
    /// An application may write the values that are there already.
    ValuesMayStay,
    /// An application expects no null where there could be none when it started.
    NotNullIsTrusted,
    /// An application that writes several forms may change one alone that a sync follows.
    OneFormMayChange,
    /// A value that is null although a column that it is computed from is not has lost what that column knows.
    NullLosesItsSources,
    /// An expression may fail, and refuses the write or the statement then.
    ExpressionsMayFail,
    /// Values that are written are held against checks.
    ChecksSeeValues,
    /// A column that an insert leaves out takes its default, which is held against checks and unique constraints.
    DefaultsAreHeld,
}

impl Rule {
    /// All rules.
    #[cfg(feature = "ablation")]
    pub const ALL: [Self; 26] = [
        Self::WriteMakesStale,
        Self::SyncFires,
        Self::DualWrite,
        Self::BackfillTakesFreshness,
        Self::BackfillVisitsAll,
        Self::RowsAreInserted,
        Self::RowsAreDeleted,
        Self::DeletesAreWrites,
        Self::ReferencesHold,
        Self::NullsAtStart,
        Self::NullWrites,
        Self::ConstraintsAreKnown,
        Self::LastCarrierGoesOnPurpose,
        Self::DefaultIsAValue,
        Self::NullMayBeTheTruth,
        Self::PartnersComeWhole,
        Self::CopyCompletes,
        Self::DistinctLeavesOutNothing,
        Self::RowsMeet,
        Self::ValuesMayStay,
        Self::NotNullIsTrusted,
        Self::OneFormMayChange,
        Self::NullLosesItsSources,
        Self::ExpressionsMayFail,
        Self::ChecksSeeValues,
        Self::DefaultsAreHeld,
    ];
}

/// The rules that hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    #[cfg(feature = "ablation")]
    without: Option<Rule>,
}

#[cfg(feature = "ablation")]
impl Rules {
    pub(super) fn without(rule: Rule) -> Self {
        Self { without: Some(rule) }
    }

    pub(super) fn has(self, rule: Rule) -> bool {
        self.without != Some(rule)
    }
}

#[cfg(not(feature = "ablation"))]
impl Rules {
    #[expect(clippy::unused_self, reason = "it is asked in the same way")]
    pub(super) const fn has(self, _: Rule) -> bool {
        true
    }
}
