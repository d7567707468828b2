//! The tasks of a running BMC: one for each socket that answers, one that sends the answers that had to
//! wait for the disk, one for the time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_bmc::Reply;
use ipmi_io::{ReceiveBuffer, UdpSocket, fill_random};
use ipmi_session::managed::Delayed;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Parcel, Settled, Shared, Waiting};

/// So many receive errors in a row may each be an earlier answer's; after that, it is the socket.
const PATIENCE: u32 = 16;
/// The pause after the first receive error beyond that. It doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// So many answers may be late on purpose at a time; those beyond are lost.
pub(crate) const LATE: usize = 1024;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Answers what comes in on one socket.
pub(super) async fn listen(
    shared: Arc<Shared>,
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    settled: mpsc::UnboundedSender<Settled>,
) -> &'static str {
    let mut buffer = ReceiveBuffer::new();
    let mut errors = 0u32;
    // Answers that are late on purpose; they end with the listener.
    let mut late = JoinSet::new();
    loop {
        if let Err(error) = socket.receive(&mut buffer).await {
            errors = errors.saturating_add(1);
            back_off(address, errors, &error).await;
            continue;
        }
        errors = 0;
        let (mut replies, mut held) = (Vec::new(), Vec::new());
        let consoles;
        {
            let mut bmc = shared.bmc();
            let now = Instant::now();
            for datagram in buffer.iter() {
                let (source, peer) = (datagram.local_ip, datagram.peer);
                if !shared.acl.admits(peer) {
                    continue;
                }
                match bmc.receive(now, peer, datagram.bytes, &mut fill_random) {
                    Some(Reply::Now(content)) => replies.push(Parcel { source, peer, content }),
                    Some(Reply::Held(content)) => held.push(Parcel { source, peer, content }),
                    None => {}
                }
                while let Some(answer) = bmc.poll_delayed() {
                    if late.len() < LATE {
                        late.spawn(send_late(Arc::clone(&socket), source, answer));
                    }
                }
            }
            let waiting = (!held.is_empty()).then(|| Waiting { held, to: settled.clone() });
            shared.submit(&mut bmc, waiting);
            consoles = shared.outgoing(&mut bmc, now);
            // Software on the host may have something to say to anybody at any time.
            shared.routes.note(true, || {
                let is_known = |peer| bmc.sessions().iter().any(|session| session.peer == peer);
                let known = buffer.iter().filter(move |datagram| is_known(datagram.peer));
                known.map(|datagram| (0, datagram.peer, &socket, datagram.local_ip))
            });
        }
        shared.changed.notify_one();
        send(&socket, replies).await;
        shared.routes.send(consoles).await;
        while late.try_join_next().is_some() {}
    }
}

/// Sends the answers that had to wait for the disk.
pub(super) async fn acknowledge(
    shared: Arc<Shared>,
    socket: Arc<UdpSocket>,
    mut settled: mpsc::UnboundedReceiver<Settled>,
) {
    let mut late = JoinSet::new();
    while let Some(Settled { outcome, held }) = settled.recv().await {
        let mut replies = Vec::new();
        {
            let mut bmc = shared.bmc();
            for Parcel { source, peer, content } in held {
                let content = bmc.release(content, outcome, &mut fill_random);
                replies.extend(content.map(|content| Parcel { source, peer, content }));
                while let Some(answer) = bmc.poll_delayed() {
                    if late.len() < LATE {
                        late.spawn(send_late(Arc::clone(&socket), source, answer));
                    }
                }
            }
            shared.submit(&mut bmc, None);
        }
        shared.changed.notify_one();
        send(&socket, replies).await;
        while late.try_join_next().is_some() {}
    }
}

/// Sends an answer that is late on purpose.
async fn send_late(socket: Arc<UdpSocket>, source: Option<IpAddr>, answer: Delayed) {
    let Delayed { due, to: peer, datagram: content } = answer;
    tokio::time::sleep_until(due.into()).await;
    send(&socket, vec![Parcel { source, peer, content }]).await;
}

async fn send(socket: &UdpSocket, replies: Vec<Parcel<Vec<u8>>>) {
    for Parcel { source, peer, content } in replies {
        if let Err(error) = socket.send_from(source, peer, &content).await {
            tracing::debug!(%peer, %error, "send");
        }
    }
}

/// After the `errors`th receive error in a row.
pub(crate) async fn back_off(address: SocketAddr, errors: u32, error: &std::io::Error) {
    let Some(beyond) = errors.checked_sub(PATIENCE) else {
        // An earlier answer met a closed port; the socket lives on.
        tracing::debug!(%address, %error, "receive");
        return;
    };
    let pause = FIRST_PAUSE.saturating_mul(1u32.checked_shl(beyond).unwrap_or(u32::MAX));
    if beyond == 0 {
        tracing::error!(%address, %error, "nothing can be received; trying on");
    }
    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
}

/// Lets time pass for the BMC, whenever it is due and whenever something has happened.
pub(super) async fn keep_time(shared: Arc<Shared>) -> &'static str {
    loop {
        let changed = shared.changed.notified();
        let (due, consoles) = shared.live();
        shared.routes.send(consoles).await;
        match due {
            None => changed.await,
            // Whichever comes first.
            Some(due) => {
                let _ = tokio::time::timeout_at(due.into(), changed).await;
            }
        }
    }
}
