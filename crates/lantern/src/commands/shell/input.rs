//! Where the shell's lines come from: a terminal, with editing, or whatever standard input is.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc;
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::{History as _, MemHistory};

use super::completion::Completion;
use super::history::History;
use crate::error::{Error, Exit};

/// Lines, read by a thread that waits for whoever types.
pub(super) struct Input {
    ask: mpsc::Sender<Ask>,
    typed: tokio::sync::mpsc::UnboundedReceiver<io::Result<Typed>>,
    history: Option<History>,
    /// How the terminal was, if it is one: an editor that is left alone does not put it back.
    terminal: Option<Termios>,
}

/// What came.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// A line that was given up: Ctrl-C.
    Forgotten,
    End,
}

enum Ask {
    Line,
    Keep(String),
}

impl Input {
    pub(super) fn open(host: &str, with_history: bool) -> Result<Self, Error> {
        let (ask, asked) = mpsc::channel();
        let (tell, typed) = tokio::sync::mpsc::unbounded_channel();
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let terminal = if terminal { tcgetattr(io::stdin()).ok() } else { None };
        let mut history = None;
        if terminal.is_some() {
            history = with_history.then(History::open).flatten();
            let past = history.as_ref().map(History::lines).unwrap_or_default();
            let prompt = format!("lantern {}> ", crate::view::plain::plain(host));
            let mut editor = editor(past)?;
            spawn(move || {
                answer(&asked, &tell, |ask| match ask {
                    Ask::Line => Some(line(editor.readline(&prompt))),
                    Ask::Keep(line) => {
                        let _ = editor.add_history_entry(line);
                        None
                    }
                });
            })?;
        } else {
            spawn(move || {
                let mut lines = io::stdin().lock().lines();
                answer(&asked, &tell, |ask| match ask {
                    Ask::Line => Some(match lines.next() {
                        Some(line) => line.map(Typed::Line),
                        None => Ok(Typed::End),
                    }),
                    Ask::Keep(_) => None,
                });
            })?;
        }
        Ok(Self { ask, typed, history, terminal })
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> io::Result<Typed> {
        // A thread that is gone has nothing to tell any more.
        let _ = self.ask.send(Ask::Line);
        self.typed.recv().await.unwrap_or(Ok(Typed::End))
    }

    /// Keeps a line for the arrow keys, and for the next time.
    pub(super) fn keep(&mut self, line: &str) {
        if !super::history::may_be_kept(line) {
            return;
        }
        let _ = self.ask.send(Ask::Keep(line.to_owned()));
        if let Some(history) = &mut self.history
            && let Err(error) = history.append(line)
        {
            tracing::debug!(%error, "the line is not kept");
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn close(&mut self) {
        if let Some(terminal) = &self.terminal {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, terminal);
        }
    }
}

fn editor(past: Vec<String>) -> Result<Editor<Completion, MemHistory>, Error> {
    let broken = |error: ReadlineError| {
        Error::told(Exit::Failed, format!("the terminal cannot be read: {error}"))
    };
    let config = rustyline::Config::builder()
        .completion_type(rustyline::CompletionType::List)
        .max_history_size(super::history::LINES)
        .map_err(broken)?
        .build();
    let history = MemHistory::with_config(&config);
    let mut editor: Editor<Completion, _> =
        Editor::with_history(config, history).map_err(broken)?;
    editor.set_helper(Some(Completion::new()));
    for line in past {
        let _ = editor.history_mut().add_owned(line);
    }
    Ok(editor)
}

fn line(read: Result<String, ReadlineError>) -> io::Result<Typed> {
    match read {
        Ok(line) => Ok(Typed::Line(line)),
        Err(ReadlineError::Interrupted) => Ok(Typed::Forgotten),
        Err(ReadlineError::Eof) => Ok(Typed::End),
        Err(ReadlineError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = thread::Builder::new().name("lines".to_owned()).spawn(work);
    thread.map(drop).map_err(|error| {
        Error::told(Exit::Failed, format!("the system gives no thread to read with: {error}"))
    })
}

/// Answers until nobody asks any more.
fn answer(
    asked: &mpsc::Receiver<Ask>,
    tell: &tokio::sync::mpsc::UnboundedSender<io::Result<Typed>>,
    mut answer: impl FnMut(Ask) -> Option<io::Result<Typed>>,
) {
    while let Ok(ask) = asked.recv() {
        let Some(typed) = answer(ask) else { continue };
        if tell.send(typed).is_err() {
            break;
        }
    }
}
