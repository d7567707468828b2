//! A console that a console server keeps, at a desk.

use std::collections::VecDeque;
use std::time::Duration;

use lantern_console::{Attached, Listener, Told, Typist};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::keys::Typed;
use super::{Desk, Left, Manner, next, until};

/// Pieces of what was typed that may wait for the server.
const WAITING: usize = 16;

/// Sits at a console that is shared, until there is a reason to leave; `Err` tells why the server
/// has no more of it.
pub(crate) async fn share(
    attached: Attached,
    desk: &mut Desk,
    manner: &dyn Manner,
) -> Result<Left, String> {
    let Attached { mut listener, typist, .. } = attached;
    // What is typed must not wait for what is shown, nor the other way round.
    let (keys, typed) = mpsc::channel(1);
    let typing = tokio::spawn(type_all(typist, typed));
    let left = sit(&mut listener, &keys, desk, manner).await;
    drop(keys);
    typing.abort();
    left
}

async fn sit(
    listener: &mut Listener,
    keys: &mpsc::Sender<Typed>,
    desk: &mut Desk,
    manner: &dyn Manner,
) -> Result<Left, String> {
    let mut waiting = VecDeque::new();
    let mut look_at: Option<Instant> = None;
    let mut quiet_since = Instant::now();
    loop {
        if desk.input.is_none() && waiting.is_empty() && look_at.is_none() {
            look_at = Some(Instant::now());
        }
        let may_read = desk.input.is_some() && (desk.has_terminal() || waiting.len() < WAITING);
        tokio::select! {
            told = listener.next() => {
                quiet_since = Instant::now();
                match told {
                    Told::Characters(characters) => {
                        if !desk.screen.write(characters).await {
                            return Ok(Left::ScreenGone);
                        }
                    }
                    Told::Note(note) => desk.say(&note).await,
                    Told::Ended(why) => return Err(why),
                }
            }
            typed = next(&mut desk.input), if may_read => match typed {
                None => desk.input = None,
                Some(typed) => for typed in desk.keys.type_in(&typed) {
                    if let Some(text) = manner.typed(&typed) {
                        desk.screen.write(text.into_bytes()).await;
                    }
                    match typed {
                        Typed::Quit => return Ok(Left::Quit),
                        Typed::Suspend { raw } => desk.suspend(raw),
                        Typed::Help => {}
                        Typed::Characters(_) | Typed::Break if desk.only_reads => {}
                        Typed::Characters(_) | Typed::Break => waiting.push_back(typed),
                    }
                },
            },
            Ok(permit) = keys.reserve(), if !waiting.is_empty() => {
                if let Some(typed) = waiting.pop_front() {
                    permit.send(typed);
                }
            }
            () = until(look_at) => {
                if quiet_since.elapsed() >= desk.linger {
                    return Ok(Left::InputEnded);
                }
                look_at = Instant::now().checked_add(Duration::from_millis(50));
            }
            caught = desk.signals.next() => {
                if let Some(left) = desk.signaled(caught) {
                    return Ok(left);
                }
            }
        }
    }
}

/// Sends what is typed, as fast as the console takes it.
async fn type_all(mut typist: Typist, mut typed: mpsc::Receiver<Typed>) {
    while let Some(typed) = typed.recv().await {
        let sent = match typed {
            Typed::Characters(characters) => typist.write(&characters).await,
            Typed::Break => typist.send_break().await,
            _ => Ok(()),
        };
        // That the server is gone is heard from it.
        if sent.is_err() {
            return;
        }
    }
}
