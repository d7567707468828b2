//! `bmc nvram`: what a BMC keeps when it stops, and how it starts as delivered again.

use std::io::{self, IsTerminal};
use std::path::Path;

use lantern_bmcd::nvram::{self, StoreError};

use crate::cli::{Format, Nvram};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::Show;
use crate::view::nvram::{Nvram as Kept, NvramReset};

pub(crate) fn run(command: &Nvram, format: Format) -> Result<(), Error> {
    match command {
        Nvram::Show { state } => {
            let found = nvram::inspect(state).map_err(failed)?;
            output::print(Kept::new(state, found.as_ref()).render(format, None)?)
        }
        Nvram::Reset { state, yes } => {
            if !yes {
                confirm(state)?;
            }
            let moved = nvram::reset(state).map_err(failed)?;
            output::print(NvramReset::new(state, &moved).render(format, None)?)
        }
    }
}

/// Asks, if there is somebody to ask.
fn confirm(state: &Path) -> Result<(), Error> {
    let state = state.display();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::usage("a reset has to be confirmed")
            .cause("nobody can be asked: this is not a terminal")
            .next(format!("lantern bmc nvram reset --state {state} --yes")));
    }
    eprint!("The next BMC on {state} will start as delivered. Type 'yes' to go on: ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Error::told(Exit::Failed, "nothing was reset"))
}

fn failed(error: StoreError) -> Error {
    Error::told(Exit::Failed, error.to_string()).next(next(&error))
}

/// What to do about it.
pub(crate) fn next(error: &StoreError) -> String {
    match error {
        StoreError::InUse { .. } => "stop that BMC first, or choose another directory".to_owned(),
        StoreError::Damaged { path, .. } | StoreError::Newer { path, .. } => {
            let directory = path.parent().unwrap_or(path).display();
            format!("to start as delivered: lantern bmc nvram reset --state {directory}")
        }
        StoreError::Io { .. } => "look at the directory that --state names".to_owned(),
    }
}
