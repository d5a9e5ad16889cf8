//! Values with which something goes wrong.

use crate::ast::Name;
use crate::data::Value;
use crate::plan::Origin;

/// Values of a row with which an expression fails or is null, or a constraint is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The table that the row is in.
    pub table: Name,
    /// The columns that matter, each with its value.
    pub values: Vec<(Name, Value)>,
    /// Where the values come from.
    pub origin: Origin,
    /// What comes of them, in words: `division by zero`.
    pub outcome: String,
}

impl Witness {
    /// The row in words: ``zip = 'n/a'``.
    #[must_use]
    pub fn row(&self) -> String {
        let each = self.values.iter().map(|(name, value)| format!("{name} = {}", value.literal()));
        each.collect::<Vec<_>>().join(", ")
    }
}
