//! A bad line to a BMC: `cargo run -p lantern-interop --example line -- BMC LOSS DELAY SEED`, with
//! the loss each way in per cent and the delay each way in milliseconds.
//!
//! Says on which address it relays, and ends when its standard input does. `cargo xtask bench` runs
//! clients over it.

use std::io::{self, Read, Write};
use std::time::Duration;

use lantern_testkit::tap::{Line, Tap};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [bmc, loss, delay, seed] = words.as_slice() else {
        return Err("BMC LOSS DELAY SEED are needed".into());
    };
    let line = Line {
        loss: loss.parse::<f64>()? / 100.0,
        delay: Duration::from_secs_f64(delay.parse::<f64>()? / 1000.0),
        ..Line::PERFECT
    };
    let tap = Tap::over(bmc.parse()?, line, seed.parse()?);
    let mut out = io::stdout();
    writeln!(out, "{}", tap.addr())?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
