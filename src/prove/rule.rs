//! The rules of the model, by name: a test takes each away and sees some verdict change.

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
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 18] = [
        Self::WriteMakesStale,
        Self::SyncFires,
        Self::DualWrite,
        Self::BackfillTakesFreshness,
        Self::BackfillVisitsAll,
        Self::RowsAreInserted,
        Self::RowsAreDeleted,
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
    ];
}
