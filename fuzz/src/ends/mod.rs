//! Both ends of a session, each against whatever the input makes of the other.
//!
//! The input is a script (see [`world`]): consoles of all kinds log in at a managed system, call,
//! close; the network between them loses, repeats, delays, changes, misdelivers and makes up
//! datagrams; the BMC restarts, forgets, answers late, and puts quirks on and off; time jumps.
//! A script of zeros is a network without fault, so that whatever a mutation adds happens to a
//! session that works.
//!
//! What must hold, whatever happens:
//! * nothing panics, and nobody who is due is due again at once for ever;
//! * nothing is carried out that no console with the password has asked for, nor is a datagram
//!   carried out twice, nor a call that every time counts for;
//! * no call gets the answer of another; each has exactly one outcome, and an outcome that says it
//!   came to nothing is true;
//! * before a session exists no answer is longer than the longest of the specification;
//! * there are never more sessions than the limit, and all of them end with their idle time.

mod bare;
mod ledger;
mod script;
mod strangers;
mod way;
mod whole;
mod world;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_session::console::{Agreed, Call, Session};
use ipmi_session::managed::{Limits, Sessions};
use ipmi_session::{Entropy, Quirks};
use ipmi_wire::Response;

pub use strangers::{hostile_bmc, hostile_console};

use bare::Bare;
use script::Script;
use whole::{Guests, Whole};
use world::{Reached, World};

/// The longest answer outside a session: RAKP 2 with a SHA-256 code, headers included.
const LONGEST_PRESESSION: usize = 4 + 12 + 40 + 32;

/// Consoles and the sessions of a managed system, with a hostile network between them.
pub fn session(data: &[u8]) {
    of_sessions(data);
}

fn of_sessions(data: &[u8]) -> Reached {
    let mut script = Script::new(data);
    let managed = Bare::new(script.byte());
    World::new(script, managed).run()
}

/// Consoles and a whole BMC with all its commands, with a hostile network between them.
pub fn bmc(data: &[u8]) {
    of_bmc(data);
}

fn of_bmc(data: &[u8]) -> Reached {
    let mut script = Script::new(data);
    let managed = Whole::new(Instant::now(), script.byte());
    World::new(script, managed).run()
}

/// Starts a BMC with what a store held, and lets it live for a while.
pub fn start_with(memory: Memory) {
    let now = Instant::now();
    let mut bmc = whole::start(now, Guests::No, Limits::default(), Quirks::NONE, memory);
    bmc.handle_timeout(now + Duration::from_secs(5));
    let records = bmc.sel().records().count();
    assert!(records <= usize::from(u16::MAX));
}

/// What is at the other end from the consoles.
trait Managed {
    /// Takes in a datagram. An answer that waits, as all do if `hold` says so, is not given.
    fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        hold: bool,
        rng: &mut Seeded,
    ) -> Option<Vec<u8>>;

    /// An answer that waited, and its way. Which one, and what became of what it waited for, is
    /// for `how` to say.
    fn release(&mut self, how: u8, rng: &mut Seeded) -> Option<(SocketAddr, Vec<u8>)>;

    /// The call of this number, of a kind that the script chooses.
    fn call(&mut self, number: u16, script: &mut Script<'_>) -> Call;

    /// How often the call of this number was carried out.
    fn executed(&self, number: u16) -> u32;

    /// The requests that were carried out since the last time: what protects their sessions.
    fn take_carried_out(&mut self) -> Vec<Agreed>;

    /// Insists that this is the answer to the call of this number.
    fn check_answer(&self, number: u16, response: &Response);

    /// Restarts it, or makes it forget, as `how` says.
    fn restart(&mut self, now: Instant, how: u8);

    fn set_quirks(&mut self, quirks: Quirks);

    fn handle_timeout(&mut self, now: Instant);

    fn poll_timeout(&self) -> Option<Instant>;

    fn sessions(&self) -> &Sessions;

    /// What must hold when all is over.
    fn check_end(&self) {}
}

/// Random bytes that are the same every time.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

/// Lets a console's time pass until it has nothing more to do: it must come to that.
fn let_it_rest(
    session: &mut Session,
    mut now: Instant,
    rng: &mut Seeded,
    mut see: impl FnMut(&mut Session),
) {
    for _ in 0..10_000 {
        see(session);
        let Some(due) = session.poll_timeout() else { return };
        now = now.max(due);
        session.handle_timeout(now, rng);
    }
    panic!("the console never rests");
}

#[cfg(test)]
mod tests;
