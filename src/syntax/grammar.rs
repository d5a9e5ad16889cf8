//! The parser that pest makes of `grammar/mig.pest`.

use pest_derive::Parser;

#[allow(missing_docs, reason = "the grammar documents its rules")]
mod generated {
    use super::Parser;

    #[derive(Parser)]
    #[grammar = "grammar/mig.pest"]
    pub struct Grammar;
}

pub(super) use generated::{Grammar, Rule};
