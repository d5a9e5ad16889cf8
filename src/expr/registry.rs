//! The table of functions and operators: a new one is a row here and a Rust function, nothing else.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::expr::function::{Form, Function};
use crate::expr::functions::ALL;

/// Every function and operator of the language, one for each choice of operand types.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    ALL.iter().copied().flatten()
}

fn table() -> &'static HashMap<&'static str, Vec<&'static Function>> {
    static TABLE: OnceLock<HashMap<&'static str, Vec<&'static Function>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<_, Vec<_>> = HashMap::new();
        for function in functions() {
            table.entry(function.name).or_default().push(function);
        }
        table
    })
}

/// The functions or operators of a name.
pub(super) fn candidates(name: &str) -> &'static [&'static Function] {
    table().get(name).map_or(&[], Vec::as_slice)
}

/// The names that can be called, for suggestions, completion and the reference.
pub fn names() -> impl Iterator<Item = &'static str> {
    let called = table().keys().copied().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
    called.chain(Form::ALL.map(Form::name))
}

/// Whether doing the function of this name a second time changes nothing: `lower(lower(c))` is `lower(c)`.
#[must_use]
pub fn is_projection(name: &str) -> bool {
    let candidates = candidates(name);
    !candidates.is_empty() && candidates.iter().all(|function| function.projection)
}
