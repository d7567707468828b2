//! What software on the host says to consoles: its answers to what it was asked, and requests of its
//! own. Whoever has a message calls [`Sessions::forward`] and takes what comes out of
//! [`Sessions::poll_forwarded`] to the console.

use std::net::SocketAddr;

use ipmi_wire::lan::LanMessage;

use super::Sessions;
use crate::entropy::Entropy;

/// So many messages wait in a session until they are fetched. Whoever fetches them after each finds
/// one.
pub(super) const CAPACITY: usize = 16;

impl Sessions {
    /// Takes a message for the console of a session, as it is. Whether it will be sent: not if there
    /// is no such session, if it answers what nobody waits for any more, or if too many wait already.
    pub fn forward(&mut self, session_id: u32, message: LanMessage) -> bool {
        let Some(session) = self.active.get_mut(&session_id) else { return false };
        if session.forwarded.len() >= CAPACITY {
            return false;
        }
        if message.is_response() && !session.responses.answered_by(&message) {
            return false;
        }
        session.forwarded.push_back(message);
        true
    }

    /// The datagram of the next such message, and where it goes. To be asked for after each
    /// [`forward`](Self::forward), until there is none.
    pub fn poll_forwarded(&mut self, entropy: &mut dyn Entropy) -> Option<(SocketAddr, Vec<u8>)> {
        let quirks = self.quirks;
        for session in self.active.values_mut() {
            while let Some(message) = session.forwarded.pop_front() {
                let mut iv = [0; 16];
                entropy.fill(&mut iv);
                // What does not fit a packet is lost, as anything may be that is sent.
                if let Some(datagram) = session.seal(&message, iv, quirks) {
                    return Some((session.peer, datagram));
                }
            }
        }
        None
    }
}
