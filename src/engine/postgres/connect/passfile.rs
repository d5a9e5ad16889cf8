//! Passwords in `~/.pgpass`: lines of `host:port:database:user:password`, where `*` stands for any.

use std::path::Path;

/// The password for this server, database and user; or why the file is not read.
pub(super) fn password(path: &Path, wanted: &[&str; 4]) -> Result<Option<String>, String> {
    if open_to_others(path) {
        return Err(format!(
            "`{}` is ignored, because others can read it: `chmod 600 {}`",
            path.display(),
            path.display()
        ));
    }
    let Ok(bytes) = std::fs::read(path) else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter(|line| !line.starts_with('#')).find_map(|line| matching(line, wanted)))
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> bool {
    false
}

fn matching(line: &str, wanted: &[&str; 4]) -> Option<String> {
    let mut rest = line;
    for want in wanted {
        let (field, after) = field(rest)?;
        if field != *want && !rest.starts_with("*:") {
            return None;
        }
        rest = after;
    }
    let password = field(rest).map_or_else(|| unescaped(rest), |(password, _)| password);
    Some(password).filter(|password| !password.is_empty())
}

/// A field, and what comes after its colon.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find(|(_, character)| {
        let ends = *character == ':' && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    end.map(|(end, _)| (unescaped(&text[..end]), &text[end + 1..]))
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let next = || match characters.next()? {
        '\\' => Some(characters.next().unwrap_or('\\')),
        character => Some(character),
    };
    std::iter::from_fn(next).collect()
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn a_line_is_for_whom_it_names() {
        let wanted = ["db", "5432", "shop", "me"];
        let found = |line: &str| matching(line, &wanted);
        assert_eq!(found("db:5432:shop:me:secret").as_deref(), Some("secret"));
        assert_eq!(found("*:*:*:me:se\\:cr\\\\et").as_deref(), Some("se:cr\\et"));
        assert_eq!(found("db:5432:shop:you:secret"), None);
        assert_eq!(found("db:5432"), None);
        assert_eq!(found("db:5432:shop:me:"), None);
        assert_eq!(matching("d\\:b:1:x:me:p", &["d:b", "1", "x", "me"]).as_deref(), Some("p"));
        assert_eq!(found("d\\*:5432:shop:me:secret"), None);
    }
}
