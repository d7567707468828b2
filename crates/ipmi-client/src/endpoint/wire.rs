//! A network that is no network: the same endpoint over channels, with its clock and its randomness
//! in the hands of whoever simulates.

use std::fmt;
use std::net::SocketAddr;

use ipmi_session::Entropy;
use ipmi_session::console::Unreachable;
use tokio::sync::mpsc;

/// What an [`Endpoint`](crate::Endpoint) speaks through instead of sockets. Time is tokio's, which
/// a test may pause.
pub struct Wire {
    /// Where datagrams go, each with its destination. Once the other half is gone, they get lost.
    pub outgoing: mpsc::UnboundedSender<(SocketAddr, Vec<u8>)>,
    /// Where they come from. Once the other half is gone, none come any more.
    pub incoming: mpsc::UnboundedReceiver<Incoming>,
    /// Where session IDs, nonces and all else that nobody may guess come from. The same bytes make
    /// for the same datagrams.
    pub entropy: Box<dyn Entropy + Send>,
}

/// What comes out of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A datagram, and who sent it.
    Datagram(SocketAddr, Vec<u8>),
    /// A datagram to this address was not delivered.
    Unreachable(SocketAddr, Unreachable),
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipmi_session::console::SessionError;
    use tokio::time::Instant;

    use super::*;
    use crate::{Bmc, Credentials, Endpoint, ErrorKind};

    /// A generator that anybody can guess (SplitMix64), which is what a test wants.
    fn seeded(mut state: u64) -> Box<dyn Entropy + Send> {
        Box::new(move |bytes: &mut [u8]| {
            for byte in bytes {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                *byte = (mixed >> 56) as u8;
            }
        })
    }

    struct Network {
        endpoint: Endpoint,
        outgoing: mpsc::UnboundedReceiver<(SocketAddr, Vec<u8>)>,
        incoming: mpsc::UnboundedSender<Incoming>,
    }

    fn network(seed: u64) -> Network {
        let ((to, outgoing), (incoming, from)) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let wire = Wire { outgoing: to, incoming: from, entropy: seeded(seed) };
        Network { endpoint: Endpoint::over(wire), outgoing, incoming }
    }

    fn bmc(endpoint: &Endpoint, host: u8) -> Bmc {
        let credentials = Credentials::new(b"admin", b"pw").unwrap();
        Bmc::new(endpoint, ([192, 0, 2, host], 623).into(), credentials)
    }

    /// What goes out, and when, while twenty BMCs are logged in to of which none answers.
    async fn transcript(seed: u64) -> Vec<(Duration, SocketAddr, Vec<u8>)> {
        let Network { endpoint, mut outgoing, incoming } = network(seed);
        let start = Instant::now();
        let recorder = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some((to, datagram)) = outgoing.recv().await {
                seen.push((start.elapsed(), to, datagram));
            }
            seen
        });
        let tasks: Vec<_> = (1..=20)
            .map(|host| {
                let bmc = bmc(&endpoint, host);
                tokio::spawn(async move { bmc.connect().await.unwrap_err() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        endpoint.shutdown().await;
        drop(incoming);
        recorder.await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_of_a_login_passes_in_virtual_time() {
        let real = std::time::Instant::now();
        let Network { endpoint, mut outgoing, incoming: _incoming } = network(1);
        let bmc = bmc(&endpoint, 1);
        let start = Instant::now();
        let error = bmc.connect().await.unwrap_err();
        assert!(
            matches!(&*error.kind, ErrorKind::Session(SessionError::NoAnswer { .. })),
            "{error}"
        );
        assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        assert!(real.elapsed() < start.elapsed(), "nobody has waited");
        assert!(outgoing.try_recv().is_ok());
        assert_eq!(endpoint.datagrams().1, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_makes_for_the_same_datagrams_at_the_same_times() {
        let first = transcript(7).await;
        assert!(first.len() >= 60, "{}", first.len());
        assert_eq!(first, transcript(7).await);
        assert_ne!(first, transcript(8).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_port_ends_the_logins_to_that_peer_alone_and_within_a_tenth_of_a_second() {
        let Network { endpoint, mut outgoing, incoming } = network(2);
        let (closed, dead) = (bmc(&endpoint, 1), bmc(&endpoint, 2));
        let start = Instant::now();
        let host = tokio::spawn(async move {
            while let Some((to, _)) = outgoing.recv().await {
                if to == SocketAddr::from(([192, 0, 2, 1], 623)) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    let _ = incoming.send(Incoming::Unreachable(to, Unreachable::Port));
                }
            }
        });
        let dead = tokio::spawn(async move { (dead.connect().await, start.elapsed()) });
        let error = closed.connect().await.unwrap_err();
        let Some(SessionError::Unreachable { what, .. }) = error.session_error() else {
            panic!("{error:?}")
        };
        assert_eq!(*what, Unreachable::Port);
        assert!(start.elapsed() <= Duration::from_millis(100), "{:?}", start.elapsed());
        let (outcome, took) = dead.await.unwrap();
        let error = outcome.unwrap_err();
        assert!(matches!(error.session_error(), Some(SessionError::NoAnswer { .. })), "{error}");
        let deadline = Duration::from_secs(5);
        assert!((deadline..deadline + Duration::from_millis(10)).contains(&took), "{took:?}");
        endpoint.shutdown().await;
        drop((endpoint, closed));
        host.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_does_not_keep_an_endpoint_alive_that_nobody_has() {
        let Network { endpoint, mut outgoing, incoming } = network(3);
        let counters = std::sync::Arc::clone(&endpoint.counters);
        let peer = SocketAddr::from(([192, 0, 2, 1], 623));
        for _ in 0..100_000 {
            let _ = incoming.send(Incoming::Datagram(peer, vec![0xff; 8]));
        }
        drop(endpoint);
        assert_eq!(outgoing.recv().await, None);
        let received = counters.received.load(std::sync::atomic::Ordering::Relaxed);
        assert!(received < 100, "{received}");
    }
}
