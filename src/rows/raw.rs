//! The text of a CSV record as it stands in the file. The csv crate gives the values, but not whether an empty one was
//! quoted (`""`, an empty text) or not (null), nor whether a quote was never closed; this reads just that.

/// A record's raw text, from where the csv crate says that it starts.
pub(super) struct RawRecord<'a>(pub(super) &'a [u8]);

impl RawRecord<'_> {
    /// For each field whether it starts with a quote, and whether the last quote is closed.
    pub(super) fn quoted(&self) -> (Vec<bool>, bool) {
        let bytes = self.0;
        let mut at = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut fields = Vec::new();
        loop {
            let quoted = bytes.get(at) == Some(&b'"');
            fields.push(quoted);
            let closed = if quoted { skip_quoted(bytes, &mut at) } else { true };
            if !closed {
                return (fields, false);
            }
            while bytes.get(at).is_some_and(|byte| !matches!(byte, b',' | b'\r' | b'\n')) {
                at += 1;
            }
            if bytes.get(at) != Some(&b',') {
                return (fields, true);
            }
            at += 1;
        }
    }
}

/// Goes past a quoted field's closing quote; tells whether there is one.
fn skip_quoted(bytes: &[u8], at: &mut usize) -> bool {
    *at += 1;
    while let Some(byte) = bytes.get(*at) {
        *at += 1;
        if *byte == b'"' {
            if bytes.get(*at) != Some(&b'"') {
                return true;
            }
            *at += 1;
        }
    }
    false
}
