//! From what the author wrote to what will be done: names resolved, types known, facts followed.

mod action;
mod apps;
mod facts;

pub use action::{Action, FillKind};
pub use apps::{AppUse, ColumnName};
pub use facts::{FactId, Facts};
