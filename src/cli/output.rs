//! Standard output and standard error, where neither may end a command badly.

use std::cell::Cell;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::rc::Rc;

use crate::diagnostic::Complaint;
use crate::report::{self, Terminal};

/// Buffered output. When its reader goes away (`miglab check | head`), what is written is dropped without an error, so
/// that a command ends with the exit code that it has anyway.
pub struct Output<W: Write = StdoutLock<'static>> {
    out: BufWriter<W>,
    closed: Rc<Cell<bool>>,
}

impl Output {
    /// Standard output, locked.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(io::stdout().lock())
    }
}

impl<W: Write> Output<W> {
    /// Output to `out`.
    pub fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(1 << 16, out), closed: Rc::default() }
    }

    /// Tells, also while the output is borrowed, whether nobody reads any more.
    #[must_use]
    pub fn closed(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.closed)
    }

    fn unless_closed<T>(&mut self, dropped: T, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed.set(true);
                Ok(dropped)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed.get() {
            return Ok(bytes.len());
        }
        let result = self.out.write(bytes);
        self.unless_closed(bytes.len(), result)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed.get() {
            return Ok(());
        }
        let result = self.out.flush();
        self.unless_closed((), result)
    }
}

/// Writes an error message to standard error, and what to do instead. Does nothing where nobody reads it.
pub fn complain(message: &str, help: Option<&str>) {
    let complaint = Complaint { message: message.to_owned(), help: help.map(str::to_owned) };
    let text = report::complaint(&complaint, Terminal::stderr());
    io::stderr().write_all(text.as_bytes()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_closed_pipe_takes_everything() {
        let mut out = Output::new(Failing(ErrorKind::BrokenPipe));
        out.write_all(&vec![b'x'; 1 << 18]).unwrap();
        out.flush().unwrap();
        assert!(out.closed().get());
    }

    #[test]
    fn other_failures_are_told() {
        let mut out = Output::new(Failing(ErrorKind::StorageFull));
        out.write_all(b"x").unwrap();
        assert_eq!(out.flush().unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
