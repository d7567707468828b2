//! Results to standard output; errors, warnings and notes to standard error: for people, or, in
//! all other forms, each as one JSON object on one line.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;
use lantern_fleet::NodeSet;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::Format;
use crate::codes::Code;
use crate::error::{Error, Exit, Report};
use crate::view::outcome::OutcomeView;
use crate::view::plain::plain_lines;

/// Writes a result, whole.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_ref())?;
    stdout.flush()?;
    Ok(())
}

/// Columns of the terminal that results go to; `None` if they go elsewhere, where lines are never
/// broken.
pub(crate) fn width() -> Option<u16> {
    columns(io::stdout())
}

fn columns(stream: impl IsTerminal + std::os::fd::AsFd) -> Option<u16> {
    if !stream.is_terminal() {
        return None;
    }
    // A terminal of unknown size says 0.
    let columns = rustix::termios::tcgetwinsize(&stream).map_or(80, |size| size.ws_col);
    Some(if columns < 40 { 80 } else { columns })
}

/// How standard error is spoken to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice<'a> {
    format: Format,
    /// Of whom is spoken, if there are many.
    host: Option<&'a str>,
    /// Where it is kept, to be said when all is done.
    kept: Option<&'a Kept>,
}

/// What was said of many BMCs, until all is done: the same is said once, of all whom it is true of.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<IndexMap<(&'static str, String), Vec<String>>>);

/// Something worth knowing, on standard error.
#[derive(Serialize, JsonSchema)]
struct NoteView<'a> {
    schema: &'static str,
    #[schemars(extend("enum" = ["warning", "note"]))]
    level: &'static str,
    message: &'a str,
    /// Whom it is about, where there are many BMCs
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
}

const NOTE: &str = "lantern.note/1";
const ERROR: &str = "lantern.error/1";

/// Why a command did not end well, on standard error.
#[derive(Serialize, JsonSchema)]
struct ErrorView<'a> {
    schema: &'static str,
    exit_code: u8,
    /// What `lantern explain` knows it by.
    code: Code,
    address: Option<&'a str>,
    doing: Option<&'static str>,
    message: &'a str,
    cause: Option<&'a str>,
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a OutcomeView>,
}

impl Kept {
    /// Says it all, and forgets it.
    pub(crate) fn say(&self, format: Format) {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for ((level, message), hosts) in kept {
            match format {
                Format::Table => {
                    let hosts = hosts.into_iter().collect::<NodeSet>();
                    line(&format!("{level}: {hosts}: {message}"));
                }
                format => hosts.iter().for_each(|host| {
                    Voice { host: Some(host), ..Voice::new(format) }.say(level, &message);
                }),
            }
        }
    }
}

impl<'a> Voice<'a> {
    pub(crate) const fn new(format: Format) -> Self {
        Self { format, host: None, kept: None }
    }

    /// About one of many.
    pub(crate) const fn about(self, host: &'a str, kept: Option<&'a Kept>) -> Self {
        Self { host: Some(host), kept, ..self }
    }

    /// Something that the user should change.
    pub(crate) fn warning(self, message: &str) {
        self.say("warning", message);
    }

    /// Something worth knowing.
    pub(crate) fn note(self, message: &str) {
        self.say("note", message);
    }

    fn say(self, level: &'static str, message: &str) {
        let Self { format, host, kept } = self;
        match (host, kept) {
            (Some(host), Some(Kept(kept))) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.entry((level, message.to_owned())).or_default().push(host.to_owned());
            }
            (Some(host), None) if format == Format::Table => {
                line(&format!("{level}: {host}: {message}"));
            }
            (None, _) if format == Format::Table => line(&format!("{level}: {message}")),
            (host, _) => json(&NoteView { schema: NOTE, level, message, host }),
        }
    }

    /// The end of a command that failed, and is not the last.
    pub(crate) fn tell(self, error: &Error) {
        if let Error::Told(report) = error {
            self.error(report);
        }
    }

    /// The end of a command that failed.
    pub(crate) fn error(self, report: &Report) {
        let Report { exit, code, message, cause, next, address, doing, completion, outcome } =
            report;
        match self.format {
            Format::Table => {
                let width = columns(io::stderr()).map(|columns| usize::from(columns).min(100));
                // Not an error, for all that is known.
                let unknown = *exit == Exit::Uncertain;
                line(&format!("{}: {message}", if unknown { "unknown" } else { "error" }));
                for seen in outcome.iter().flat_map(|outcome| outcome.lines(width)) {
                    line(&seen);
                }
                for (name, text) in [("cause: ", cause), ("next:  ", next)] {
                    if let Some(text) = text {
                        line(&hanging(&format!("  {name}"), text, width));
                    }
                }
                // Of some there is no more to say.
                if *code != Code::FAILED {
                    line(&format!("  more:  lantern explain {code}"));
                }
            }
            _ => json(&ErrorView {
                schema: ERROR,
                exit_code: *exit as u8,
                code: *code,
                address: address.as_deref(),
                doing: *doing,
                message,
                cause: cause.as_deref(),
                next: next.as_deref(),
                completion_code: completion.map(|code| code.0),
                outcome: outcome.as_ref(),
            }),
        }
    }
}

/// Text after a prefix, broken between words if a width is given, each line under the first.
pub(crate) fn hanging(prefix: &str, text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return format!("{prefix}{text}") };
    let indent = prefix.chars().count();
    let (mut out, mut column) = (prefix.to_owned(), indent);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent {
            if column.saturating_add(length) >= width {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                out.push(' ');
                column = column.saturating_add(1);
            }
        }
        out.push_str(word);
        column = column.saturating_add(length);
    }
    out
}

fn json(value: &impl Serialize) {
    // These structs have nothing that JSON cannot say.
    line(&serde_json::to_string(value).unwrap_or_default());
}

/// If standard error is closed, there is nobody left to tell.
fn line(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain_lines(text));
}

/// The schemas of what goes to standard error.
#[cfg(test)]
pub(crate) fn kinds() -> Vec<(&'static str, serde_json::Value)> {
    use crate::view::schema::of_named;
    vec![of_named::<NoteView<'_>>(NOTE), of_named::<ErrorView<'_>>(ERROR)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_hangs_under_its_beginning() {
        let text = "one two three four";
        assert_eq!(hanging("  x: ", text, None), "  x: one two three four");
        assert_eq!(hanging("  x: ", text, Some(14)), "  x: one two\n     three\n     four");
        assert_eq!(hanging("  x: ", "unbreakable", Some(8)), "  x: unbreakable");
    }
}
