//! Whoever comes to the socket: what he wants, and what he gets.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, UCred};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::backlog::Piece;
use crate::frame::{Attach, Frames, Kind, Request, send, send_json};
use crate::keeper::Keeper;
use crate::line::Dial;
use crate::room::{Key, Seat};
use crate::socket::is_trusted;

/// Connections at the same time.
const CONNECTIONS: usize = 512;
/// So much may be typed ahead before no more is read.
const AHEAD: usize = 4 * 1024;
/// How long somebody may take to say what he wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after an error that is not the connection's.
const PAUSE: Duration = Duration::from_millis(100);
/// How long those may take who are told that it is over.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves whoever comes, until `stop` has come and all were told.
pub async fn serve<D: Dial>(
    listener: UnixListener,
    keeper: Arc<Keeper<D>>,
    stop: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "nobody can connect to the socket");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        match stream.peer_cred() {
            Ok(peer) if is_trusted(peer.uid()) && connections.len() < CONNECTIONS => {
                connections.spawn(connection(stream, peer, Arc::clone(&keeper)));
            }
            Ok(peer) => tracing::warn!(uid = peer.uid(), "somebody is refused at the socket"),
            Err(error) => tracing::warn!(%error, "somebody unknown is refused at the socket"),
        }
    }
    // Who does not read is not waited for.
    let _ = timeout(LAST_WORDS, async { while connections.join_next().await.is_some() {} }).await;
}

/// One connection. That it is broken is nobody's business but its own.
async fn connection<D: Dial>(stream: UnixStream, peer: UCred, keeper: Arc<Keeper<D>>) {
    let (reader, mut writer) = stream.into_split();
    let mut frames = Frames::new(reader);
    let Ok(Ok(Some((Kind::Request, request)))) = timeout(PATIENCE, frames.next()).await else {
        return;
    };
    let served = match serde_json::from_slice(&request) {
        Ok(Request::List) => list(&mut writer, &keeper).await,
        Ok(Request::Attach(attach)) => attached(&attach, peer, frames, &mut writer, &keeper).await,
        Err(error) => {
            let why = format!("this is no request: {error}");
            send(&mut writer, Kind::Refused, why.as_bytes()).await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "somebody is gone");
    }
}

async fn list<D: Dial>(writer: &mut OwnedWriteHalf, keeper: &Keeper<D>) -> std::io::Result<()> {
    for row in keeper.rows() {
        send_json(writer, Kind::Answer, &row).await?;
    }
    send(writer, Kind::End, b"").await
}

async fn attached<D: Dial>(
    attach: &Attach,
    peer: UCred,
    frames: Frames<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    keeper: &Keeper<D>,
) -> std::io::Result<()> {
    let Some(room) = keeper.room(&attach.console) else {
        let why = format!("no console is called '{}'", attach.console);
        return send(writer, Kind::Refused, why.as_bytes()).await;
    };
    let (seat, begun) = room.sit_down(attach, &who(&attach.who, peer));
    drop(room);
    send_json(writer, Kind::Answer, &begun).await?;
    let (told, tell) = watch::channel(None);
    // He has enough, or is told that there is no more.
    tokio::select! {
        () = listen(&seat, frames, told) => Ok(()),
        sent = show(&seat, writer, tell) => sent,
    }
}

/// What he types. It waits here while the console takes nothing, so that his leaving is seen.
async fn listen(
    seat: &Seat,
    mut frames: Frames<OwnedReadHalf>,
    told: watch::Sender<Option<String>>,
) {
    let (mut waiting, mut ahead) = (VecDeque::new(), 0_usize);
    // Once for each who writes instead.
    let tell = |writer: String| {
        told.send_if_modified(|before| before.replace(writer.clone()) != Some(writer));
    };
    loop {
        tokio::select! {
            frame = frames.next(), if ahead < AHEAD => {
                let Ok(Some((kind, bytes))) = frame else { return };
                if let Err(writer) = seat.may_type() {
                    tell(writer);
                    continue;
                }
                ahead = ahead.saturating_add(bytes.len());
                waiting.push_back(match kind {
                    Kind::Data => Key::Characters(bytes),
                    Kind::Break => Key::Break,
                    _ => return,
                });
            }
            permit = seat.room_to_type(), if !waiting.is_empty() => {
                if let Err(writer) = seat.may_type() {
                    (waiting, ahead) = (VecDeque::new(), 0);
                    tell(writer);
                } else if let (Some(permit), Some(key)) = (permit, waiting.pop_front()) {
                    if let Key::Characters(characters) = &key {
                        ahead = ahead.saturating_sub(characters.len());
                    }
                    permit.send(key);
                }
            }
        }
    }
}

/// What he is shown. Only he waits, should he be slow.
async fn show(
    seat: &Seat,
    writer: &mut OwnedWriteHalf,
    mut tell: watch::Receiver<Option<String>>,
) -> std::io::Result<()> {
    let mut changes = seat.changes();
    loop {
        changes.mark_unchanged();
        while let Some(piece) = seat.next() {
            match piece {
                Piece::Bytes(bytes) => send(writer, Kind::Data, &bytes).await?,
                Piece::Note(note) => send(writer, Kind::Note, note.as_bytes()).await?,
                Piece::Skipped(count) => {
                    let note = format!("{count} bytes are skipped here: they came too fast");
                    send(writer, Kind::Note, note.as_bytes()).await?;
                }
            }
        }
        if let Some(why) = seat.closed() {
            return send(writer, Kind::End, why.as_bytes()).await;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() {
                return Ok(());
            },
            Ok(()) = tell.changed() => {
                let other = tell.borrow_and_update().clone().unwrap_or_default();
                let note = format!("what you type goes nowhere: {other} writes; --steal takes the pen");
                send(writer, Kind::Note, note.as_bytes()).await?;
            }
        }
    }
}

/// What somebody is called: what he says, as far as it can be shown, and what the system says.
fn who(said: &str, peer: UCred) -> String {
    let said: String = said.chars().filter(|c| !c.is_control()).take(40).collect();
    match (said.is_empty(), peer.pid()) {
        (true, _) => format!("user {}", peer.uid()),
        (false, Some(pid)) => format!("{said} ({pid})"),
        (false, None) => said,
    }
}
