//! The table of codes: a row here and a page of the same name in `docs/codes` are all that a code is.

use crate::diagnostic::Severity;

macro_rules! codes {
    ($(
        $(#[doc = $doc:literal])*
        $variant:ident = $name:literal, $severity:ident, refutes: $refutes:literal, can_be_allowed: $allowed:literal;
    )*) => {
        /// The stable code of a diagnostic. Its name is what `allow` and `explain` take.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the pages.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name: `phase-order`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How much it matters unless a diagnostic says otherwise.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// Whether it says that applications and rows may break in some order of events: such a plan is unsafe,
            /// and can be played to see how.
            #[must_use]
            pub fn refutes(self) -> bool {
                match self { $(Self::$variant => $refutes),* }
            }

            /// Whether `allow` silences it. What keeps a statement from being understood cannot be allowed: the plan
            /// would run without the statement.
            #[must_use]
            pub fn can_be_allowed(self) -> bool {
                match self { $(Self::$variant => $allowed),* }
            }

            /// What it is about, in one line.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii()),* }
            }

            /// Its page, in Markdown: cause, consequence, the safe form and an example.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/codes/", $name, ".md"))),* }
            }
        }
    };
}

codes! {
    /// text that is not a statement of the language
    Syntax = "syntax", Error, refutes: false, can_be_allowed: false;
    /// SQL where a `.mig` statement belongs
    SqlStatement = "sql-statement", Error, refutes: false, can_be_allowed: false;
    /// a statement without a phase
    MissingPhase = "missing-phase", Error, refutes: false, can_be_allowed: false;
    /// a name that nothing has
    UnknownName = "unknown-name", Error, refutes: false, can_be_allowed: false;
    /// a name that something has already
    DuplicateName = "duplicate-name", Error, refutes: false, can_be_allowed: false;
    /// a column whose table is not named
    AmbiguousTable = "ambiguous-table", Error, refutes: false, can_be_allowed: false;
    /// a type that does not exist, or that columns cannot have
    UnknownType = "unknown-type", Error, refutes: false, can_be_allowed: false;
    /// a function that does not exist
    UnknownFunction = "unknown-function", Error, refutes: false, can_be_allowed: false;
    /// operands, defaults or values that do not fit the type
    TypeMismatch = "type-mismatch", Error, refutes: false, can_be_allowed: false;
    /// a column that already exists with another type
    ColumnConflict = "column-conflict", Error, refutes: false, can_be_allowed: false;
    /// rows that do not fit their table
    InvalidRows = "invalid-rows", Error, refutes: false, can_be_allowed: false;
    /// a not-null column that old rows and old writes cannot fill
    NotNullWithoutDefault = "not-null-without-default", Error, refutes: false, can_be_allowed: true;
    /// a phase after one that it must come before
    PhaseOrder = "phase-order", Error, refutes: false, can_be_allowed: true;
    /// a statement in a phase that it does not belong to
    WrongPhase = "wrong-phase", Error, refutes: false, can_be_allowed: true;
    /// a change in place that breaks whoever uses the old form
    BigBang = "big-bang", Error, refutes: false, can_be_allowed: false;
    /// a column or table that is used before it is added
    UsedBeforeAdded = "used-before-added", Error, refutes: false, can_be_allowed: false;
    /// a column or table that is used after it was dropped
    UsedAfterDrop = "used-after-drop", Error, refutes: false, can_be_allowed: false;
    /// a column that is added and dropped with nothing in between
    AddedThenDropped = "added-then-dropped", Error, refutes: false, can_be_allowed: true;
    /// a backfill before the sync that should keep it true
    BackfillBeforeSync = "backfill-before-sync", Error, refutes: true, can_be_allowed: true;
    /// a validation before the rows can satisfy it
    ValidateBeforeBackfill = "validate-before-backfill", Error, refutes: true, can_be_allowed: true;
    /// a change of rows that gives another result when it is repeated
    NotIdempotent = "not-idempotent", Error, refutes: false, can_be_allowed: true;
    /// a translation that loses some value
    LossyTranslation = "lossy-translation", Warning, refutes: false, can_be_allowed: true;
    /// a statement that overwrites data with something else
    OverwritesData = "overwrites-data", Warning, refutes: false, can_be_allowed: true;
    /// a removal of data that nothing in the plan has carried over
    ContractWithoutExpand = "contract-without-expand", Warning, refutes: false, can_be_allowed: true;
    /// a removal of what a live application uses
    InUse = "in-use", Error, refutes: false, can_be_allowed: true;
    /// an application live without what it uses
    AppBreaks = "app-breaks", Error, refutes: false, can_be_allowed: true;
    /// an application deployed while live, or retired while not
    RolloutOrder = "rollout-order", Error, refutes: false, can_be_allowed: true;
    /// statements during which no version of the application is live
    Downtime = "downtime", Advice, refutes: false, can_be_allowed: true;
    /// an application that reads an old value
    StaleRead = "stale-read", Error, refutes: true, can_be_allowed: true;
    /// an application that reads null where there is a value
    UnsetRead = "unset-read", Error, refutes: true, can_be_allowed: true;
    /// a write whose value is no longer in any column
    LostWrite = "lost-write", Error, refutes: true, can_be_allowed: true;
    /// a write refused by a constraint that its application does not know of
    RejectedWrite = "rejected-write", Error, refutes: true, can_be_allowed: true;
    /// a statement that cannot succeed on rows as they may be
    FailingStatement = "failing-statement", Error, refutes: true, can_be_allowed: true;
    /// something that is not known of values, and that the proof depends on
    Condition = "condition", Warning, refutes: false, can_be_allowed: true;
    /// a plan of which not everything could be proved
    NotProved = "not-proved", Warning, refutes: false, can_be_allowed: true;
    /// something dropped that something else needs
    StillNeeded = "still-needed", Error, refutes: false, can_be_allowed: false;
    /// a version of the application that the plan does not declare
    MissingApp = "missing-app", Advice, refutes: false, can_be_allowed: true;
    /// a long plan
    TooManyStatements = "too-many-statements", Advice, refutes: false, can_be_allowed: true;
    /// a plan that does nothing
    NoStatements = "no-statements", Warning, refutes: false, can_be_allowed: true;
    /// a database that is not as the script says
    SchemaDiffers = "schema-differs", Error, refutes: false, can_be_allowed: false;
    /// a database that is not ready for the run
    Preflight = "preflight", Warning, refutes: false, can_be_allowed: false;
    /// an `allow` that silences nothing
    UnusedAllow = "unused-allow", Warning, refutes: false, can_be_allowed: true;
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.name() == name).ok_or(())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
