//! The words around the protocol: options in, tables and JSON out, exit codes.
//!
//! `cli` is what may be typed, `connect` and its helpers what it means, `commands` what is done,
//! `view` how it looks. All that speaks IPMI is in `ipmi-client` and `lantern-bmcd`.

mod cli;
mod codes;
mod commands;
mod configuration;
mod connect;
mod console;
mod demo;
mod error;
mod fleet;
mod ipmitool;
mod learned;
mod local;
mod output;
mod secret;
mod settings;
mod target;
mod view;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use ipmi_client::Location;
use lantern_config::Config;
use tracing_subscriber::filter::LevelFilter;

use cli::{Cli, Command, Format, Globals};
use commands::Context;
use commands::bmc::{interrupted, no_signals, stop_signal};
use connect::{Known, Plan};
use error::{Error, Exit};
use fleet::Targets;
use output::Voice;
use view::Show;

fn main() -> ExitCode {
    keep_secrets_out_of_core_dumps();
    if let Some(ended) = console::guard::if_called() {
        return ended;
    }
    ipmi_io::restore_terminal_on_panic();
    if let Some(ended) = ipmitool::if_called() {
        return ended;
    }
    cli::complete::if_asked();
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(&cli);
    let config = match commands::wants_config(&cli.command) {
        true => configuration::load(&cli.globals),
        false => Ok(Config::default()),
    };
    if matches.value_source("output") != Some(ValueSource::CommandLine)
        && let Some(format) = config.as_ref().ok().and_then(configuration::format)
    {
        cli.globals.output = format;
    }
    let voice = Voice::new(cli.globals.output);
    match config.and_then(|config| run(&mut cli, &config, voice)) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(exit)) => ExitCode::from(exit as u8),
        // Whoever read the results has seen enough.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Output(error)) => {
            let told = Error::told(Exit::Failed, format!("results cannot be written: {error}"));
            fail(&told, voice)
        }
        Err(told) => fail(&told, voice),
    }
}

/// Passwords and session keys are in memory for as long as a session lasts. A kernel that has no
/// such switch dumps as it always did: that is no reason not to work.
fn keep_secrets_out_of_core_dumps() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

fn fail(error: &Error, voice: Voice<'_>) -> ExitCode {
    let Error::Told(report) = error else { return ExitCode::FAILURE };
    voice.error(report);
    ExitCode::from(report.exit as u8)
}

fn run(cli: &mut Cli, config: &Config, voice: Voice<'_>) -> Result<Option<Exit>, Error> {
    let Cli { globals, command } = cli;
    match command {
        Command::Bmc(command) => {
            runtime()?.block_on(commands::bmc::run(command, globals.output)).map(|()| None)
        }
        Command::Sim(command) => {
            runtime()?.block_on(commands::sim::run(command, globals)).map(|()| None)
        }
        Command::Demo(_) if globals.output != Format::Table => {
            Err(Error::usage("the demo is for people; it has no form for programs"))
        }
        Command::Demo(cli::Demo { once }) => runtime()?.block_on(demo::run(*once)).map(|()| None),
        // With options of ours before the word: those are not ipmitool's.
        Command::Ipmitool(_) => Err(Error::usage("'ipmitool' has to be the first word")
            .cause("all that follows it is ipmitool's, its options, too")
            .next("lantern ipmitool -I lanplus -H HOST -U USER power status")),
        Command::Local(command) => {
            let result = runtime()?.block_on(commands::local::run(command, globals))?;
            show(result.as_ref(), globals, None)
        }
        Command::Config(command) => {
            show(commands::config::run(command, globals)?.as_ref(), globals, None)
        }
        Command::Completions(command) => {
            show(commands::docs::completions(command)?.as_ref(), globals, None)
        }
        Command::Docs(command) => {
            output::print(commands::docs::write(command)?)?;
            Ok(None)
        }
        Command::Shell(shell) => {
            let runtime = runtime()?;
            let ended = runtime.block_on(commands::shell::run(shell, globals, config, voice));
            // Whoever is asked for a line and never gives one is not waited for.
            runtime.shutdown_background();
            ended
        }
        Command::Sol(sol @ (cli::Sol::Activate(_) | cli::Sol::Watch(_))) => {
            let runtime = runtime()?;
            let ended = runtime.block_on(commands::sol::attend(sol, globals, config, voice));
            // Standard input may never come to an end.
            runtime.shutdown_background();
            ended
        }
        Command::Console(console) => {
            let runtime = runtime()?;
            let ended = runtime.block_on(commands::console::run(console, globals, config, voice));
            runtime.shutdown_background();
            ended
        }
        command => manage(command, globals, config, voice),
    }
}

/// A command to a BMC: log in, do it, log out, and only then show what came of it, so that a
/// reader who stops reading keeps no session open.
fn manage(
    command: &mut Command,
    globals: &Globals,
    config: &Config,
    voice: Voice<'_>,
) -> Result<Option<Exit>, Error> {
    commands::check(command)?;
    if let Some(outcome) = commands::offline(command) {
        return show(outcome?.as_ref(), globals, None);
    }
    let known = Known::new(globals, config, commands::wants(command), voice);
    let whom = match fleet::targets(globals, &known)? {
        Targets::One(whom) => whom,
        Targets::Many(many) => return fleet::run(command, globals, &many, &known),
    };
    let plan = Plan::new(globals, config, &whom, commands::wants(command), voice)?;
    let host = whom.name();
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let stop = stop_signal().map_err(no_signals)?;
        let mut console = plan.start()?;
        let work = async {
            let info = console.log_in().await?;
            let (bmc, format) = (&console.bmc, globals.output);
            let context = Context { bmc, info: &info, voice, format, name: &host, host: None };
            let result = commands::run(command, &context).await?;
            Ok(Some((result, bmc.location())))
        };
        let result = tokio::select! {
            result = work => result,
            () = stop => if commands::is_endless(command) { Ok(None) } else { Err(interrupted()) },
        };
        console.end().await;
        result
    });
    // Somebody who was asked and never answered is not waited for.
    runtime.shutdown_background();
    match result? {
        Some((result, address)) => show(result.as_ref(), globals, Some(&address)),
        None => Ok(None),
    }
}

fn show(
    result: &dyn Show,
    globals: &Globals,
    address: Option<&Location>,
) -> Result<Option<Exit>, Error> {
    output::print(result.render(globals.output, address)?)?;
    Ok(result.exit())
}

/// Threads that wait for what cannot be waited for otherwise, such as names.
const THREADS: usize = 32;

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .build()
        .map_err(|error| {
            Error::told(Exit::Failed, format!("the system lets nothing be awaited: {error}"))
        })
}

/// Logs go to standard error: none by default, except from a BMC and from a console server, which
/// have nobody to return their errors to.
fn log(cli: &Cli) {
    let keeps =
        |console: &cli::Console| matches!(console.command, Some(cli::ConsoleCommand::Run { .. }));
    let serves = match &cli.command {
        Command::Bmc(_) | Command::Sim(_) => true,
        Command::Console(console) => keeps(console),
        _ => false,
    };
    let level = match cli.globals.verbose {
        0 if serves => LevelFilter::WARN,
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && !is_colourless())
        .with_max_level(level)
        .with_target(false)
        .init();
}

/// Whether somebody wants no colours: see no-color.org.
fn is_colourless() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|word| !word.is_empty())
}
