//! Defaults that tell when they are used. A trigger sees values, and not whether the application gave them: while a sync
//! needs to know, the default of a column notes in a setting that it was evaluated, and is what it was otherwise.

/// The setting that the default of a column turns on.
pub(crate) fn setting(column: u32) -> String {
    format!("miglab.default_{column}")
}

/// A default that notes that it is used. `ty` is the type of the column, without length or precision.
pub(crate) fn marked(default: Option<&str>, ty: &str, column: u32) -> String {
    let value = default.map_or_else(|| format!("null::{ty}"), |default| format!("cast({default} as {ty})"));
    format!("case when set_config('{}', 'on', true) is not null then {value} end", setting(column))
}

/// A default as it is without the note, from what PostgreSQL prints of it; none where it is nothing but the note.
pub(crate) fn unmarked(printed: String) -> Option<String> {
    match value_of(&printed) {
        Some(value) if value.starts_with("NULL::") => None,
        Some(value) => Some(value.to_owned()),
        None => Some(printed),
    }
}

fn value_of(printed: &str) -> Option<&str> {
    let rest = printed.trim_start().strip_prefix("CASE")?.trim_start().strip_prefix("WHEN")?;
    let rest = rest.trim_start().trim_start_matches('(').strip_prefix("set_config('miglab.default_")?;
    let (_, rest) = rest.split_once("IS NOT NULL")?;
    let (_, rest) = rest.split_once("THEN")?;
    let (value, _) = rest.rsplit_once("ELSE NULL")?;
    Some(value.trim())
}

/// A type without length or precision.
pub(crate) fn bare(ty: &str) -> String {
    match (ty.find('('), ty.rfind(')')) {
        (Some(open), Some(close)) if !ty.starts_with('"') => format!("{}{}", &ty[..open], &ty[close + 1..]),
        _ => ty.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{bare, unmarked};

    #[test]
    fn what_is_printed_of_a_marked_default_is_the_default() {
        let printed = |value: &str| {
            format!(
                "CASE WHEN (set_config('miglab.default_7'::text, 'on'::text, true) IS NOT NULL) THEN {value} \
                 ELSE NULL::text END"
            )
        };
        assert_eq!(unmarked(printed("'a THEN b'::text")), Some("'a THEN b'::text".to_owned()));
        assert_eq!(unmarked(printed("NULL::text")), None);
        assert_eq!(
            unmarked("CASE WHEN true THEN 1 ELSE 2 END".to_owned()),
            Some("CASE WHEN true THEN 1 ELSE 2 END".into())
        );
        assert_eq!(unmarked("now()".to_owned()), Some("now()".to_owned()));
    }

    #[test]
    fn a_type_without_its_length() {
        assert_eq!(bare("character varying(20)"), "character varying");
        assert_eq!(bare("timestamp(0) with time zone"), "timestamp with time zone");
        assert_eq!(bare("text"), "text");
    }
}
