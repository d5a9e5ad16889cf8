//! A session without a terminal: lines in, text out, nothing else.

use std::io::{self, BufRead, Write};

use crate::repl::Session;

/// Does each line of `input` and writes what it says to `out`. A line that is the beginning of something longer goes
/// with those after it. Gives whether every line could be done.
///
/// # Errors
/// Reading or writing failed.
pub fn run(session: &mut Session, input: impl BufRead, out: &mut impl Write) -> io::Result<bool> {
    let (mut pending, mut all_done) = (String::new(), true);
    for line in input.split(b'\n') {
        pending += String::from_utf8_lossy(&line?).trim_end_matches('\r');
        let reply = session.line(&pending);
        if reply.incomplete {
            pending.push('\n');
            continue;
        }
        pending.clear();
        all_done &= !reply.failed;
        out.write_all(reply.text.as_bytes())?;
        out.flush()?;
        if reply.quit {
            return Ok(all_done);
        }
    }
    if pending.trim().is_empty() {
        return Ok(all_done);
    }
    let reply = session.last_line(&pending);
    out.write_all(reply.text.as_bytes())?;
    Ok(all_done && !reply.failed)
}
