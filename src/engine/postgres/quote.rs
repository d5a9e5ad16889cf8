//! Names and texts as PostgreSQL reads them, whatever they contain.

pub use crate::data::sql_text as text;

/// The longest name that PostgreSQL keeps, in bytes (`NAMEDATALEN` less one).
const MOST_NAME_BYTES: usize = 63;

/// A name, always quoted, and without a comment in it.
#[must_use]
pub fn ident(name: &str) -> String {
    let doubled = name.replace('"', "\"\"");
    if !name.contains("/*") {
        return format!("\"{doubled}\"");
    }
    format!("U&\"{}\"", doubled.replace('\\', "\\\\").replace("/*", "/\\002a"))
}

/// Names, quoted, with commas between.
#[must_use]
pub fn idents<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(ident).collect::<Vec<_>>().join(", ")
}

/// A body between dollar quotes whose tag does not occur in it.
#[must_use]
pub fn dollar(body: &str) -> String {
    let tags = std::iter::once(String::new()).chain((0_u32..).map(|number| format!("miglab{number}")));
    let free = tags.map(|tag| format!("${tag}$")).find(|tag| !body.contains(tag.as_str()));
    let tag = free.unwrap_or_default();
    format!("{tag}{body}{tag}")
}

/// A name made of parts, shortened to what PostgreSQL keeps. Where it is cut, a number made of the whole follows it,
/// so that long names that begin alike stay apart.
#[must_use]
pub fn made_name(name: &str) -> String {
    if name.len() <= MOST_NAME_BYTES {
        return name.to_owned();
    }
    // FNV-1a: the name must come out the same in every version of this program.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let ending = format!("_{:08x}", hash & 0xffff_ffff);
    let mut cut = MOST_NAME_BYTES - ending.len();
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{ending}", &name[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_contains_it_is_one_name() {
        assert_eq!(ident("we\"ird; drop"), "\"we\"\"ird; drop\"");
        assert_eq!(text("it's \\ here"), "E'it''s \\\\ here'");
        assert_eq!(dollar("a $$ b"), "$miglab0$a $$ b$miglab0$");
        assert_eq!(text("/*range*/ \\"), "E'/\\x2arange*/ \\\\'");
        assert_eq!(ident("/*range*/ \\"), "U&\"/\\002arange*/ \\\\\"");
    }

    #[test]
    fn long_names_stay_apart() {
        let long = "é".repeat(60);
        let (one, other) = (made_name(&format!("{long}a")), made_name(&format!("{long}b")));
        assert!(one.len() <= MOST_NAME_BYTES && one != other);
        assert_eq!(made_name("short"), "short");
    }
}
