//! Expressions as PostgreSQL prints them, brought nearer to how people write them.
//!
//! PostgreSQL writes every cast out, `like` as `~~` and `in (…)` as `= ANY (ARRAY[…])`. What means the same without is
//! written without; nothing else is changed.

use super::dump::tokens::{Kind, Statements, Token};

/// Types of whose values a literal needs its cast.
const LITERALS_OF: &[&str] = &["interval", "date", "timestamp", "timestamptz", "uuid", "json", "jsonb", "bytea"];

/// Types that an expression of the language may be cast to.
const CASTS_TO: &[&str] = &[
    "text",
    "character varying",
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "interval",
    "date",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
    "uuid",
    "json",
    "jsonb",
    "bytea",
];

/// The expression as people write it. What cannot be made out stays as it is.
#[must_use]
pub fn simplified(expression: &str) -> String {
    match Statements::of(expression).next() {
        Some(statement) => rewritten(&statement.tokens),
        None => expression.to_owned(),
    }
}

/// An expression without any of its casts.
#[must_use]
pub fn without_casts(expression: &str) -> String {
    let statement = Statements::of(expression).next();
    let tokens = statement.as_ref().map_or(&[][..], |statement| &statement.tokens);
    let (mut out, mut at) = (String::new(), 0);
    while at < tokens.len() {
        if let Some((_, taken)) = cast(&tokens[at..]) {
            at += taken;
            continue;
        }
        out.push_str(tokens[at].before);
        out.push_str(tokens[at].text);
        at += 1;
    }
    out
}

fn rewritten(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at].before.is_empty() && at > 0 {
            out.push(' ');
        }
        let rest = &tokens[at..];
        let (text, taken) =
            list(rest).or_else(|| pattern(rest)).or_else(|| number(rest)).unwrap_or_else(|| plain(rest));
        out.push_str(&text);
        at += taken;
    }
    out
}

/// `= ANY (ARRAY[…])`, `<> ALL (ARRAY[…])`
fn list(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let (word, behind, quantifier) = match tokens {
        [equal, any, ..] if equal.is_symbol("=") && any.is_word("any") => ("in", 2, "any"),
        [less, greater, all, ..] if less.is_symbol("<") && greater.is_symbol(">") && all.is_word("all") => {
            ("not in", 3, "all")
        }
        _ => return None,
    };
    debug_assert!(tokens[behind - 1].is_word(quantifier));
    let mut at = behind;
    let mut parentheses = 0;
    while tokens.get(at)?.is_symbol("(") {
        (at, parentheses) = (at + 1, parentheses + 1);
    }
    let is_array = tokens.get(at)?.is_word("array") && tokens.get(at + 1)?.is_symbol("[");
    let end = at + tokens[at..].iter().position(|token| token.is_symbol("]"))?;
    if !is_array || parentheses == 0 {
        return None;
    }
    let elements = rewritten(&tokens[at + 2..end]);
    let mut at = end + 1;
    while parentheses > 0 {
        at += cast(&tokens[at..]).map_or(0, |(_, taken)| taken);
        tokens.get(at)?.is_symbol(")").then_some(())?;
        (at, parentheses) = (at + 1, parentheses - 1);
    }
    Some((format!("{word} ({elements})"), at))
}

/// `~~`, `!~~`, `~~*`, `!~~*`
fn pattern(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let negated = tokens.first()?.is_symbol("!");
    let mut at = usize::from(negated);
    let twice = tokens.get(at)?.is_symbol("~") && tokens.get(at + 1)?.is_symbol("~");
    twice.then_some(())?;
    at += 2;
    let blind = tokens.get(at).is_some_and(|token| token.is_symbol("*"));
    at += usize::from(blind);
    let word = if blind { "ilike" } else { "like" };
    Some((if negated { format!("not {word}") } else { word.to_owned() }, at))
}

/// `(0)::numeric`, `(- 1)::numeric`
fn number(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let negative = tokens.get(1)?.is_symbol("-");
    let at = 1 + usize::from(negative);
    let is_number =
        tokens[0].is_symbol("(") && tokens.get(at)?.kind == Kind::Number && tokens.get(at + 1)?.is_symbol(")");
    is_number.then_some(())?;
    let (ty, taken) = cast(&tokens[at + 2..])?;
    (ty == "numeric" || ty == "bigint" || ty == "double precision").then_some(())?;
    let minus = if negative { "-" } else { "" };
    Some((format!("{minus}{}", tokens[at].text), at + 2 + taken))
}

/// A token, and the cast after it where that is left out.
fn plain(tokens: &[Token<'_>]) -> (String, usize) {
    let token = &tokens[0];
    if token.kind == Kind::Text
        && let Some((ty, taken)) = cast(&tokens[1..])
    {
        let first = ty.split(' ').next().unwrap_or_default();
        let needed = LITERALS_OF.contains(&first) && !ty.contains(['[', '(']);
        return (if needed { format!("{}::{ty}", token.text) } else { token.text.to_owned() }, 1 + taken);
    }
    match cast(tokens) {
        Some((ty, taken)) if CASTS_TO.contains(&ty.as_str()) => (format!("::{ty}"), taken),
        Some((_, taken)) => (String::new(), taken),
        None => (token.text.to_owned(), 1),
    }
}

/// `::type`, its words, and how many tokens it has.
fn cast(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let is_cast = tokens.first()?.is_symbol(":") && tokens.get(1)?.is_symbol(":");
    let mut ty = tokens.get(2).filter(|token| is_cast && token.name().is_some())?.text.to_owned();
    let mut at = 3;
    let word = |at: usize, word: &str| tokens.get(at).is_some_and(|token: &Token<'_>| token.is_word(word));
    for (first, second) in [("character", "varying"), ("double", "precision"), ("bit", "varying")] {
        if ty == first && word(at, second) {
            (ty, at) = (format!("{first} {second}"), at + 1);
        }
    }
    if tokens.get(at).is_some_and(|token| token.is_symbol(".")) {
        (ty, at) = (format!("{ty}.{}", tokens.get(at + 1)?.text), at + 2);
    }
    if tokens.get(at).is_some_and(|token| token.is_symbol("(")) {
        let end = at + tokens[at..].iter().position(|token| token.is_symbol(")"))?;
        let inside: String = tokens[at..=end].iter().map(|token| token.text).collect();
        (ty, at) = (ty + &inside, end + 1);
    }
    for zone in ["with", "without"] {
        if word(at, zone) && word(at + 1, "time") && word(at + 2, "zone") {
            (ty, at) = (format!("{ty} {zone} time zone"), at + 3);
        }
    }
    while tokens.get(at).is_some_and(|token| token.is_symbol("[")) && tokens.get(at + 1)?.is_symbol("]") {
        (ty, at) = (ty + "[]", at + 2);
    }
    Some((ty, at))
}

#[cfg(test)]
mod tests {
    use super::simplified;

    #[test]
    fn what_postgresql_writes_out_is_written_as_people_do() {
        for (printed, written) in [
            ("'x'::character varying", "'x'"),
            ("'{}'::text[]", "'{}'"),
            ("'ok'::public.mood", "'ok'"),
            ("'01:00:00'::interval", "'01:00:00'::interval"),
            (
                "'2020-01-01 00:00:00+00'::timestamp with time zone",
                "'2020-01-01 00:00:00+00'::timestamp with time zone",
            ),
            ("(price >= (0)::numeric)", "(price >= 0)"),
            ("(price >= ('-1'::integer)::numeric)", "(price >= ('-1')::numeric)"),
            ("((name)::text ~~ 'a%'::text)", "((name)::text like 'a%')"),
            ("(name !~~* 'a%'::text)", "(name not ilike 'a%')"),
            (
                "((name)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
                "((name)::text in ('a', 'b'))",
            ),
            ("(a <> ALL (ARRAY[1, 2]))", "(a not in (1, 2))"),
            ("(feels = 'ok'::mood)", "(feels = 'ok')"),
            ("(a)::mood", "(a)"),
            ("nextval('t_id_seq'::regclass)", "nextval('t_id_seq')"),
            ("CASE\n    WHEN a THEN 1\nEND", "CASE WHEN a THEN 1 END"),
            ("= ANY (", "= ANY ("),
            ("", ""),
        ] {
            assert_eq!(simplified(printed), written, "{printed}");
        }
    }
}
