//! What an address says, as libpq reads it: a URL, or `key=value` pairs.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::engine::{Fault, FaultKind};

/// Options of a connection by libpq's names of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Settings(BTreeMap<String, String>);

/// Options that mean something here.
const KNOWN: &[&str] = &[
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Options that change nothing for this program.
const WITHOUT_EFFECT: &[&str] = &[
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslsni",
];

impl Settings {
    /// Reads a URL or pairs.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let scheme_end = text.find("://").filter(|end| text[..*end].chars().all(|c| c.is_ascii_alphanumeric()));
        match (scheme_end, text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))) {
            (_, Some(rest)) => Self::read_url(rest),
            (Some(end), None) => Err(unreadable(&format!("it begins with `{}://`", &text[..end]))),
            (None, None) => Self::read_pairs(text),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets an option that is not there yet.
    pub(super) fn fill(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.entry(key.into()).or_insert(value);
        }
    }

    fn put(&mut self, key: &str, value: String) -> Result<(), Fault> {
        if KNOWN.contains(&key) {
            if !value.is_empty() {
                self.0.insert(key.into(), value);
            }
            return Ok(());
        }
        if WITHOUT_EFFECT.contains(&key) { Ok(()) } else { Err(unknown(key)) }
    }

    fn read_url(rest: &str) -> Result<Self, Fault> {
        let mut settings = Self::default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        settings.put("user", decoded(user)?)?;
        settings.put("password", decoded(password)?)?;
        settings.put("dbname", decoded(database)?)?;
        settings.put_hosts(hosts)?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| unreadable(&format!("`{pair}` has no `=`")))?;
            settings.put_parameter(&decoded(key)?, decoded(value)?)?;
        }
        Ok(settings)
    }

    fn put_parameter(&mut self, key: &str, value: String) -> Result<(), Fault> {
        match (key, value.as_str()) {
            ("ssl", "true") => self.put("sslmode", "require".into()),
            _ => self.put(key, value),
        }
    }

    fn put_hosts(&mut self, hosts: &str) -> Result<(), Fault> {
        let parts: Vec<(String, &str)> = hosts.split(',').map(host_and_port).collect::<Result<_, _>>()?;
        let joined = |parts: Vec<&str>| parts.join(",");
        self.put("host", joined(parts.iter().map(|(host, _)| host.as_str()).collect()))?;
        if parts.iter().any(|(_, port)| !port.is_empty()) {
            self.put("port", joined(parts.iter().map(|(_, port)| *port).collect()))?;
        }
        Ok(())
    }

    fn read_pairs(text: &str) -> Result<Self, Fault> {
        let mut settings = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let Some((key, after)) = rest.split_once('=') else {
                return Err(unreadable("it is neither a URL nor `key=value` pairs"));
            };
            let (value, after) = pair_value(after.trim_start())?;
            settings.put(key.trim(), value)?;
            rest = after.trim_start();
        }
        Ok(settings)
    }
}

/// `host:port` or `[::1]:port`.
fn host_and_port(text: &str) -> Result<(String, &str), Fault> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| unreadable("a `[` is not closed"))?;
        return Ok((host.into(), after.strip_prefix(':').unwrap_or_default()));
    }
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    Ok((decoded(host)?, port))
}

/// A value, bare or between single quotes, with backslash escapes; and what comes after it.
fn pair_value(text: &str) -> Result<(String, &str), Fault> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            _ if !quoted && character.is_whitespace() => return Ok((value, &text[at..])),
            _ => value.push(character),
        }
    }
    if quoted { Err(unreadable("a quote is not closed")) } else { Ok((value, "")) }
}

fn decoded(text: &str) -> Result<String, Fault> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| unreadable("what its `%` escapes stand for is not UTF-8"))
}

fn unreadable(why: &str) -> Fault {
    Fault::new(FaultKind::Connection, format!("the address of the database cannot be read: {why}")).with_help(
        "write `postgres://user:password@host:port/database` or `host=… user=… dbname=…`; in a URL, `@`, `/`, `?` and \
         `%` in a name or a password are written `%40`, `%2F`, `%3F` and `%25`",
    )
}

fn unknown(key: &str) -> Fault {
    // A key may be a piece of a password that was not quoted.
    let shown =
        if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') { format!(" `{key}`") } else { String::new() };
    Fault::new(FaultKind::Connection, format!("the address of the database has an unknown option{shown}"))
        .with_help(format!("known options are {}", KNOWN.join(", ")))
}

/// A value of an option that is none of those it may have.
pub(super) fn bad_value(key: &str, value: &str, possible: &str) -> Fault {
    Fault::new(FaultKind::Connection, format!("`{key}` in the address of the database cannot be `{value}`"))
        .with_help(format!("it may be {possible}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        Settings::read(text).expect("it can be read").0.into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        let all = [("dbname", "shop"), ("host", "db"), ("password", "a@b"), ("port", "6432"), ("user", "me")];
        assert_eq!(read("postgres://me:a%40b@db:6432/shop"), pairs(&all));
        assert_eq!(read("postgresql://me:a@b@db:6432/shop"), pairs(&all));
        assert_eq!(read("postgresql://"), pairs(&[]));
        assert_eq!(read("postgres:///shop?host=%2Frun%2Fpg"), pairs(&[("dbname", "shop"), ("host", "/run/pg")]));
        assert_eq!(read("postgres://[::1]:5433"), pairs(&[("host", "::1"), ("port", "5433")]));
        assert_eq!(read("postgres://a:1,b/x"), pairs(&[("dbname", "x"), ("host", "a,b"), ("port", "1,")]));
        assert_eq!(read("postgres://h?ssl=true&gssencmode=disable"), pairs(&[("host", "h"), ("sslmode", "require")]));
    }

    #[test]
    fn pairs_are_read_as_libpq_reads_them() {
        assert_eq!(read("host=db user = me"), pairs(&[("host", "db"), ("user", "me")]));
        assert_eq!(read(r"password='it\'s \\ so' user=''"), pairs(&[("password", r"it's \ so")]));
        assert_eq!(read(""), pairs(&[]));
    }

    #[test]
    fn what_cannot_be_read_is_said_without_the_password() {
        let tries = [
            "mysql://me:hunter2@db/shop",
            "shop",
            "postgres://me:hunter2@db/shop?colour=hunter2",
            "host=db password='hunter2",
            "password=hunter hunter2=1",
            "postgres://me:hunter2%ff@db",
        ];
        for text in tries {
            let Err(fault) = Settings::read(text) else { panic!("{text} was read") };
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
            assert_eq!(fault.kind, FaultKind::Connection);
        }
    }
}
