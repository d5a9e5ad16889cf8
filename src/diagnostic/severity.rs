//! How much a diagnostic matters.

use serde::Serialize;

/// How much a diagnostic matters. The order is from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; changes no exit code.
    Advice,
    /// Likely wrong; fails under `--deny warnings`.
    Warning,
    /// Wrong: the plan is refused.
    Error,
}
