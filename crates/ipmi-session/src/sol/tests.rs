//! Two ends of a line over a network that loses, doubles and reorders.

use std::collections::BTreeMap;

use super::*;

/// A small generator, so that a seed says it all.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.roll() % 100 < chance
    }
}

fn managed(interval: u64, inbound: usize) -> Link {
    let mut link = Link::new(
        Instant::now(),
        Settings {
            end: End::Managed,
            outbound: 1024,
            inbound,
            accumulate: Accumulate { interval: Duration::from_millis(60), threshold: 96 },
            retry: Retry::Parameter { count: 7, interval: Duration::from_millis(interval) },
        },
    );
    link.start(259);
    link
}

fn console() -> Link {
    let mut link = Link::new(Instant::now(), Settings::console(Timing::default()));
    link.start(259);
    link
}

/// A pair of lines and what is on its way between them.
struct World {
    now: Instant,
    ends: [Link; 2],
    /// The session's numbers.
    orders: [u32; 2],
    /// When, and whose; a count keeps those apart that arrive together.
    wire: BTreeMap<(Instant, u64), (usize, u32, SolPacket)>,
    count: u64,
    dice: Dice,
    loss: u64,
    sent: u64,
}

impl World {
    fn new(seed: u64, loss: u64, ends: [Link; 2]) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (wire, orders) = (BTreeMap::new(), [0, 0]);
        Self { now: Instant::now(), ends, orders, wire, count: 0, dice, loss, sent: 0 }
    }

    fn send(&mut self) {
        for from in [0, 1] {
            while let Some(packet) = self.ends[from].poll(self.now) {
                self.orders[from] += 1;
                self.sent += 1;
                let copies = if self.dice.percent(self.loss) { 0 } else { 1 };
                let copies = copies + u64::from(self.dice.percent(self.loss / 4));
                for _ in 0..copies {
                    // Ten milliseconds, and now and then far more: that reorders.
                    let late =
                        if self.dice.percent(self.loss) { self.dice.roll() % 400 } else { 0 };
                    let due = self.now + Duration::from_millis(10 + late);
                    self.count += 1;
                    let piece = (1 - from, self.orders[from], packet.clone());
                    self.wire.insert((due, self.count), piece);
                }
            }
        }
    }

    /// Goes on to whatever happens next.
    fn step(&mut self) {
        self.send();
        let next = self.wire.keys().next().map(|(due, _)| *due);
        let timers = self.ends.iter().filter_map(|end| end.poll_timeout());
        // With nothing under way it is up to who reads.
        let Some(next) = timers.chain(next).min() else { return };
        self.now = self.now.max(next);
        while let Some(entry) = self.wire.first_entry()
            && entry.key().0 <= self.now
        {
            let (to, order, packet) = entry.remove();
            self.ends[to].receive(self.now, order, &packet);
        }
    }
}

/// What is written at each end, from a seed; long enough to go round all numbers many times.
fn text(seed: u64, length: usize) -> Vec<u8> {
    let mut dice = Dice(seed | 1);
    (0..length).map(|_| dice.roll() as u8).collect()
}

fn exchange(seed: u64, loss: u64, length: usize, inbound: usize) -> World {
    let texts = [text(seed, length), text(!seed, length)];
    let mut world = World::new(seed, loss, [console(), managed(500, inbound)]);
    let (mut written, mut read) = ([0, 0], [Vec::new(), Vec::new()]);
    while read.iter().any(|read: &Vec<u8>| read.len() < length) {
        for end in [0, 1] {
            let rest = &texts[end][written[end]..];
            written[end] += world.ends[end].write(world.now, rest);
            // A reader that takes a little at a time lets the buffers fill.
            while let Some(piece) = world.ends[end].read(100) {
                match piece {
                    Piece::Characters(bytes) => read[end].extend(bytes),
                    Piece::Flags(flags) => panic!("flags {flags:#x}"),
                }
                if world.dice.percent(loss) {
                    break;
                }
            }
        }
        world.step();
    }
    for end in [0, 1] {
        assert!(read[end] == texts[1 - end], "seed {seed}: end {end} reads something else");
    }
    world
}

#[test]
fn each_character_arrives_once_in_order_whatever_the_network_does() {
    for seed in 0..200 {
        exchange(seed, 20, 20_000, 4096);
    }
}

#[test]
fn a_small_buffer_slows_down_and_loses_nothing() {
    for seed in 0..50 {
        exchange(seed, 10, 5_000, 7);
    }
}

#[test]
fn on_a_good_line_each_packet_goes_once() {
    let world = exchange(1, 0, 100 * 255, 1 << 16);
    // Each end: 100 full packets, and as many acknowledgements.
    assert!(world.sent <= 2 * 2 * 100, "{}", world.sent);
}

#[test]
fn a_break_stays_between_its_characters() {
    for seed in 0..20 {
        let mut world = World::new(seed, 20, [console(), managed(500, 4096)]);
        world.ends[0].write(world.now, b"before");
        world.ends[0].write_flags(world.now, SolOperation::BREAK);
        world.ends[0].write(world.now, b"after");
        let mut pieces: Vec<Piece> = Vec::new();
        while !world.ends[0].is_idle() || world.ends[1].is_readable() {
            match (pieces.last_mut(), world.ends[1].read(100)) {
                (Some(Piece::Characters(all)), Some(Piece::Characters(more))) => all.extend(more),
                (_, Some(piece)) => pieces.push(piece),
                (_, None) => world.step(),
            }
        }
        let text = |text: &[u8]| Piece::Characters(text.to_vec());
        let expected = [text(b"before"), Piece::Flags(SolOperation::BREAK), text(b"after")];
        assert_eq!(pieces, expected, "seed {seed}");
    }
}

#[test]
fn what_cannot_be_passed_on_is_said_and_kept() {
    let mut world = World::new(1, 0, [console(), managed(500, 4096)]);
    world.ends[1].set_available(world.now, false);
    world.ends[0].write(world.now, b"hello");
    for _ in 0..20 {
        world.step();
    }
    assert_ne!(world.ends[0].levels() & SolStatus::UNAVAILABLE, 0);
    assert_eq!(world.ends[0].unacknowledged(), 5);
    world.ends[1].set_available(world.now, true);
    while !world.ends[0].is_idle() {
        world.step();
    }
    assert_eq!(world.ends[1].read(9), Some(Piece::Characters(b"hello".to_vec())));
    assert_eq!(world.ends[0].levels() & SolStatus::UNAVAILABLE, 0);
}

#[test]
fn characters_gather_for_a_while() {
    let (mut link, now) = (managed(500, 100), Instant::now());
    link.write(now, b"a");
    assert_eq!(link.poll(now), None);
    let due = link.poll_timeout().unwrap();
    assert_eq!(due, now + Duration::from_millis(60));
    assert_eq!(link.poll(due).unwrap().data, b"a");
    // A whole packet's worth does not wait.
    let mut link = managed(500, 100);
    link.write(now, &[b'x'; 96]);
    assert_eq!(link.poll(now).unwrap().data.len(), 96);
}

/// As the other side may do it: FreeIPMI is told by its authors that BMCs append to what they
/// repeat (`research/freeipmi.md` §5).
#[test]
fn what_is_appended_to_a_repetition_is_left_for_the_next_packet() {
    let (mut link, now) = (console(), Instant::now());
    let packet =
        |data: &[u8]| SolPacket { sequence: 1, data: data.to_vec(), ..SolPacket::default() };
    link.receive(now, 1, &packet(b"abc"));
    let answer = link.poll(now).unwrap();
    assert_eq!((answer.ack, answer.accepted), (1, 3));
    link.receive(now, 2, &packet(b"abcdef"));
    let answer = link.poll(now).unwrap();
    assert_eq!((answer.ack, answer.accepted), (1, 3));
    assert_eq!(link.read(100), Some(Piece::Characters(b"abc".to_vec())));
    assert_eq!(link.read(100), None);
}

#[test]
fn numbers_that_jump_are_counted_and_lose_nothing() {
    let (mut link, now) = (console(), Instant::now());
    for (order, sequence, data) in [(1, 1, b"a"), (2, 2, b"b"), (3, 9, b"c"), (4, 1, b"d")] {
        let packet = SolPacket { sequence, data: data.to_vec(), ..SolPacket::default() };
        link.receive(now, order, &packet);
        assert_eq!(link.poll(now).unwrap().ack, sequence);
    }
    assert_eq!(link.read(100), Some(Piece::Characters(b"abcd".to_vec())));
    assert_eq!(link.skipped(), 2);
}

#[test]
fn an_acknowledgement_of_more_than_was_sent_is_no_more_than_that() {
    let (mut link, now) = (console(), Instant::now());
    link.write(now, b"ab");
    let sent = link.poll(now).unwrap();
    link.write(now, b"cd");
    let ack = SolPacket { ack: sent.sequence, accepted: 200, ..SolPacket::default() };
    link.receive(now, 1, &ack);
    assert_eq!(link.poll(now).unwrap().data, b"cd");
}
