//! The host that a certificate of the old kind names in its subject, where it has no list of names.

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// Whether a certificate without a list of names is for this host.
pub(super) fn is_for(certificate: &[u8], host: &str) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    let certificate = certificate.tbs_certificate;
    let mut extensions = certificate.extensions.iter().flatten();
    if extensions.any(|extension| extension.extn_id == SUBJECT_ALT_NAME) {
        return false;
    }
    let parts = certificate.subject.0.iter().flat_map(|names| names.0.iter());
    let name = parts.filter(|part| part.oid == COMMON_NAME).find_map(|part| {
        let text = &part.value;
        text.decode_as::<Utf8StringRef<'_>>()
            .map(|text| text.as_str().to_owned())
            .or_else(|_| text.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()))
            .or_else(|_| text.decode_as::<TeletexStringRef<'_>>().map(|text| text.as_str().to_owned()))
            .ok()
    });
    name.is_some_and(|name| matches(&name, host))
}

/// A `*` stands for the first label of a name.
fn matches(name: &str, host: &str) -> bool {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(rest), Some((_, domain))) => same(rest, domain) && rest.contains('.'),
        _ => same(name, host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        assert!(matches("db.example.org", "DB.example.org"));
        assert!(matches("*.example.org", "db.example.org"));
        assert!(!matches("*.example.org", "a.db.example.org"));
        assert!(!matches("*.org", "example.org"));
        assert!(!matches("*.example.org", "example.org"));
        assert!(!is_for(b"no certificate", "db"));
    }
}
