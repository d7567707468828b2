//! Somebody between a program and its BMC, who sees, drops and changes what goes by.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What becomes of a datagram; `true` is on its way to the BMC.
type Change = dyn Fn(bool, Vec<u8>) -> Option<Vec<u8>> + Send;

pub(crate) struct Between {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Between {
    pub(crate) fn new(
        bmc: SocketAddr,
        change: impl Fn(bool, Vec<u8>) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let back = UdpSocket::bind("127.0.0.1:0").unwrap();
        back.connect(bmc).unwrap();
        for socket in [&front, &back] {
            socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        }
        let address = front.local_addr().unwrap();
        let (seen, over) = (Arc::default(), Arc::default());
        let thread = {
            let (seen, over) = (Arc::clone(&seen), Arc::clone(&over));
            std::thread::spawn(move || pass(&front, &back, &change, &seen, &over))
        };
        Self { address, seen, over, thread: Some(thread) }
    }

    /// What was on its way to the BMC, since the last time that this was asked.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn pass(
    front: &UdpSocket,
    back: &UdpSocket,
    change: &Change,
    seen: &Mutex<Vec<Vec<u8>>>,
    over: &AtomicBool,
) {
    let (mut bytes, mut peer) = ([0; 4096], None);
    while !over.load(Ordering::Relaxed) {
        if let Ok((length, from)) = front.recv_from(&mut bytes) {
            peer = Some(from);
            let datagram = bytes[..length].to_vec();
            seen.lock().unwrap().push(datagram.clone());
            if let Some(datagram) = change(true, datagram) {
                let _ = back.send(&datagram);
            }
        }
        while let Ok(length) = back.recv(&mut bytes) {
            if let (Some(peer), Some(datagram)) = (peer, change(false, bytes[..length].to_vec())) {
                let _ = front.send_to(&datagram, peer);
            }
        }
    }
}

/// Where the message of a datagram is, of RMCP+ in clear text. IPMI v2.0 Table 13-8.
pub(crate) fn message(datagram: &[u8]) -> Option<std::ops::Range<usize>> {
    let is_clear = datagram.get(4) == Some(&6) && datagram.get(5).is_some_and(|t| t & 0xbf == 0);
    let [low, high, ..] = *datagram.get(14..)? else { return None };
    let end = 16 + usize::from(u16::from_le_bytes([low, high]));
    (is_clear && end <= datagram.len() && end >= 23).then_some(16..end)
}
