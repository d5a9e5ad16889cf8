//! The table of functions and operators: a new one is a row here and a Rust function, nothing else.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::data::{Type, Value, ValueError};
use crate::expr::functions;
use crate::expr::kernels::Kernel;

/// What a function may look at besides its operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// What `now()` gives, in microseconds since 2000-01-01 UTC.
    pub now_micros: i64,
}

/// Computes a value from operands.
pub(super) type Compute = fn(&[Value], Context) -> Result<Value, ValueError>;

/// What an operand may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    /// A value of this type.
    Is(Type),
    /// A value of any type.
    Any,
}

/// A function or an operator for operands of certain types.
#[allow(clippy::struct_excessive_bools, reason = "a row of a table, each a property of its own")]
#[derive(Debug)]
pub(super) struct Function {
    /// Its name; the symbol for an operator.
    pub name: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// The last of `params` may be repeated.
    pub variadic: bool,
    /// What it gives.
    pub result: Type,
    /// A null operand makes the result null without calling it.
    pub strict: bool,
    /// It gives the same result for the same operands at any time.
    pub immutable: bool,
    /// Its two operands are computed, and handed over, from right to left: PostgreSQL defines it by its mirror image.
    pub reversed: bool,
    /// How it is computed; `None` where PostgreSQL has it and miglab cannot give the same digits.
    pub compute: Option<Compute>,
    /// How it is computed for many rows at once, where that is faster.
    pub kernel: Option<Kernel>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.params == other.params
    }
}

impl Function {
    /// A function that is null for a null operand.
    pub(super) const fn new(name: &'static str, params: &'static [Param], result: Type, compute: Compute) -> Self {
        Self {
            name,
            params,
            variadic: false,
            result,
            strict: true,
            immutable: true,
            reversed: false,
            compute: Some(compute),
            kernel: None,
        }
    }

    /// One that PostgreSQL has and miglab has not.
    pub(super) const fn missing(name: &'static str, params: &'static [Param]) -> Self {
        Self {
            name,
            params,
            variadic: false,
            result: Type::Numeric(None),
            strict: true,
            immutable: true,
            reversed: false,
            compute: None,
            kernel: None,
        }
    }

    pub(super) const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    pub(super) const fn not_strict(mut self) -> Self {
        self.strict = false;
        self
    }

    pub(super) const fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    pub(super) const fn stable(mut self) -> Self {
        self.immutable = false;
        self
    }

    pub(super) const fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// What its operand number `at` may be.
    pub(super) fn param(&self, at: usize) -> Param {
        let last = self.params.last().copied().unwrap_or(Param::Any);
        self.params.get(at).copied().unwrap_or(last)
    }

    /// Whether it takes so many operands.
    pub(super) fn takes(&self, count: usize) -> bool {
        count == self.params.len() || (self.variadic && count >= self.params.len())
    }
}

/// Names that look like functions and are resolved on their own, since PostgreSQL types them on their own.
pub(super) const FORMS: [&str; 4] = ["coalesce", "nullif", "greatest", "least"];

fn table() -> &'static HashMap<&'static str, Vec<&'static Function>> {
    static TABLE: OnceLock<HashMap<&'static str, Vec<&'static Function>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<_, Vec<_>> = HashMap::new();
        for function in functions::ALL.iter().copied().flatten() {
            table.entry(function.name).or_default().push(function);
        }
        table
    })
}

/// The functions or operators of a name.
pub(super) fn candidates(name: &str) -> &'static [&'static Function] {
    table().get(name).map_or(&[], Vec::as_slice)
}

/// The names that can be called, for suggestions and completion.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let called = table().keys().copied().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
    called.chain(FORMS)
}
