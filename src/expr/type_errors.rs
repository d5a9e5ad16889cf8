//! What is said about expressions that have no types.

#![allow(clippy::unnecessary_box_returns, reason = "they are the errors of results, and large")]

use crate::ast::Ident;
use crate::data::{Type, ValueError};
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::coercion::Strength;
use crate::expr::function::{Form, Function, Param};
use crate::expr::operand::Operand;
use crate::expr::registry;
use crate::phrase::{meant, nearest};
use crate::source::Span;

type Refusal = Box<Diagnostic>;

fn mismatch(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::TypeMismatch, message, span, label)
}

/// A literal that is not a value of its type.
pub(super) fn value(error: &ValueError, span: Span) -> Refusal {
    Box::new(mismatch(error.message.clone(), span, "this value"))
}

/// What a person calls the type of an operand.
fn named(ty: Type) -> String {
    if ty == Type::Unknown { "a quoted literal".into() } else { ty.unconstrained().to_string() }
}

/// `age::text` for a column, `(…)::text` for the rest.
fn cast_example(operand: &Operand, to: Type) -> String {
    operand.column.as_ref().map_or_else(|| format!("(…)::{to}"), |column| format!("{column}::{to}"))
}

pub(super) fn operator(symbol: &str, operands: &[Operand], span: Span) -> Refusal {
    let types: Vec<String> = operands.iter().map(|operand| named(operand.ty())).collect();
    let found =
        mismatch(format!("`{symbol}` does not take {}", types.join(" and ")), span, "these operands do not fit");
    let taken = registry::candidates(symbol);
    let suited = operands.iter().enumerate().find_map(|(at, operand)| {
        let fits = |function: &&&Function| {
            let others = operands.iter().enumerate().filter(|(other, _)| *other != at);
            function.params.len() == operands.len()
                && others
                    .into_iter()
                    .all(|(other, typed)| function.params[other] == Param::Is(typed.ty().unconstrained()))
        };
        taken.iter().rev().find(fits).map(|function| (operand, function.params[at]))
    });
    let not_text = operands.iter().find(|operand| !operand.ty().is_text());
    let suited = if symbol == "||" { not_text.map(|operand| (operand, Param::Is(Type::Text))) } else { suited };
    Box::new(match suited {
        Some((operand, Param::Is(ty))) => {
            found.help(format!("write an explicit cast: `{}`", cast_example(operand, ty)))
        }
        _ => found.help(format!("write explicit casts to types that `{symbol}` takes")),
    })
}

pub(super) fn unknown_function(name: &Ident) -> Refusal {
    let found = Diagnostic::new(
        Code::UnknownFunction,
        format!("there is no function `{}`", name.name),
        name.span,
        "not a function of the language",
    );
    Box::new(match nearest(&name.name, registry::function_names()) {
        Some(known) => found.help(meant(known)),
        None => found.help(
            "the functions of the language are those of PostgreSQL with the same name; `docs/language.md` lists them",
        ),
    })
}

pub(super) fn arguments(name: &Ident, operands: &[Operand], candidates: &[&'static Function], span: Span) -> Refusal {
    let types: Vec<String> = operands.iter().map(|operand| named(operand.ty())).collect();
    let given = if types.is_empty() { "no arguments".into() } else { format!("({})", types.join(", ")) };
    let found = mismatch(format!("`{}` does not take {given}", name.name), span, "these arguments do not fit");
    let forms: Vec<String> = candidates.iter().map(|function| format!("`{}`", signature(function))).collect();
    if forms.is_empty() {
        let takes_two = Form::named(&name.name) == Some(Form::Nullif);
        let expected = if takes_two { "two arguments" } else { "one argument or more" };
        return Box::new(found.help(format!("it takes {expected}")));
    }
    Box::new(found.help(format!("it can be called as {}", forms.join(", "))))
}

fn signature(function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| match param {
            Param::Is(ty) => ty.to_string(),
            Param::Any => "any".into(),
        })
        .collect();
    let more = if function.variadic { ", …" } else { "" };
    format!("{}({}{more})", function.name, params.join(", "))
}

/// The right operand of `#>` and its like, which is no path.
pub(super) fn path(function: &Function, error: Option<&ValueError>, path: &Operand) -> Refusal {
    let message = match error {
        Some(error) => error.message.clone(),
        None => format!("the path of `{}` is not a literal", function.name),
    };
    let found = mismatch(message, path.span, "a path is needed here");
    let symbol = function.name;
    Box::new(found.help(format!(
        "write the keys and indexes in braces between quotes, like `{symbol} '{{items,0,\"first name\"}}'`; a path that \
         differs from row to row can be taken in steps of `->`"
    )))
}

pub(super) fn missing(function: &Function, span: Span) -> Refusal {
    let message = format!("`{}` of numeric is not supported", function.name);
    Box::new(
        mismatch(message, span, "its digits would differ from PostgreSQL's")
            .help("compute it in double precision: `x::double precision`"),
    )
}

pub(super) fn no_common_type(what: &str, a: Type, b: Type, span: Span) -> Refusal {
    let message = format!("`{what}` cannot return both {a} and {b}");
    Box::new(
        mismatch(message, span, "its values have different types").help(format!("cast one of them, like `(…)::{b}`")),
    )
}

pub(super) fn not_comparable(what: &str, ty: Type, span: Span) -> Refusal {
    Box::new(mismatch(format!("`{what}` does not take {ty}, which has no order"), span, "this cannot be compared"))
}

pub(super) fn not_a_condition(operand: &Operand) -> Refusal {
    let found = mismatch(
        format!("a condition must be boolean, not {}", named(operand.ty())),
        operand.span,
        "this is neither true nor false",
    );
    Box::new(match operand.ty() {
        Type::Integer => found.help(format!("write `{} <> 0`", cast_subject(operand))),
        _ => found.help("write a comparison"),
    })
}

fn cast_subject(operand: &Operand) -> String {
    operand.column.as_ref().map_or_else(|| "(…)".into(), ToString::to_string)
}

pub(super) fn cast(operand: &Operand, to: Type, asked: Strength) -> Refusal {
    let from = named(operand.ty());
    match asked {
        Strength::Explicit => {
            let found = mismatch(format!("{from} cannot be cast to {to}"), operand.span, format!("this is {from}"));
            Box::new(found.help("go through a type that both can be cast to, such as `text`"))
        }
        Strength::Assignment => {
            let found = mismatch(
                format!("a column of type {to} does not take {from}"),
                operand.span,
                format!("this is {from}"),
            );
            let castable = super::coercion::strength(operand.ty(), to).is_some();
            Box::new(if castable {
                found.help(format!("write an explicit cast: `{}`", cast_example(operand, to)))
            } else {
                found
            })
        }
        Strength::Implicit => {
            let found =
                mismatch(format!("{from} is not cast to {to} by itself"), operand.span, format!("this is {from}"));
            Box::new(found.help(format!("write an explicit cast: `{}`", cast_example(operand, to))))
        }
    }
}
