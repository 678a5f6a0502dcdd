//! `slack-auth fake`: a fake Slack that programs in any language can use.

mod control;
mod deliver;
mod handlers;
mod seed;
mod server;
mod timers;
mod tls;
mod wishes;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use self::control::Control;
use self::seed::Seed;
use crate::problem::Problem;

/// The arguments of `slack-auth fake`.
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct FakeArguments {
    /// The port; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address to listen on.
    ///
    /// Anyone who reaches it can control the fake: keep it to loopback, or to the network of a
    /// container.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// A file with apps, workspaces and people, as TOML or JSON; without one there is an app that
    /// rotates its tokens.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// A state that `GET /_fake/state` returned, to continue from.
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// Serve HTTPS with a new certificate, and write the certificate of its authority to this file.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

const HELP: &str = "\
One line of JSON is printed when the fake is ready: origin, control (the URL of the control API),
apps with their ids and secrets. It stops on SIGTERM or SIGINT with status 0.

Control it by HTTP, for instance (GET /_fake/openapi.json describes everything):

  curl -X POST $CONTROL/clock -d '{\"advance\": 43200}'
  curl -X POST $CONTROL/faults -d '{\"method\": \"oauth.v2.access\", \"fault\": {\"kind\": \"reply_lost\"}}'";

pub(crate) fn run(arguments: &FakeArguments) -> Result<(), Problem> {
    let seed = match &arguments.seed {
        Some(path) => Seed::read(path).map_err(Problem::misuse)?,
        None => Seed::default(),
    };
    let listener = TcpListener::bind((arguments.host, arguments.port)).map_err(|error| {
        Problem::refused(format!(
            "cannot listen on {} port {}: {error}",
            arguments.host, arguments.port
        ))
    })?;
    listener.set_nonblocking(true).map_err(Problem::refused)?;
    let address = listener.local_addr().map_err(Problem::refused)?;
    let tls = match &arguments.tls_ca {
        Some(path) => {
            let (config, ca) = tls::server_config().map_err(Problem::refused)?;
            fs::write(path, ca).map_err(|error| {
                Problem::misuse(format!("cannot write {}: {error}", path.display()))
            })?;
            Some(TlsAcceptor::from(Arc::new(config)))
        }
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin = format!("{scheme}://{address}");
    let control = Arc::new(Control::new(seed, &origin));
    if let Some(path) = &arguments.load {
        let saved = fs::read(path)
            .map_err(|error| Problem::misuse(format!("cannot read {}: {error}", path.display())))?;
        control.load(&saved).map_err(Problem::misuse)?;
    }
    let ready = json!({
        "origin": origin,
        "control": format!("{origin}{}", control::PREFIX),
        "apps": control.apps(),
        "tls_ca": arguments.tls_ca,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        // Without timers it does not ask for the time around each wait, which took a twentieth of an answer.
        .enable_io()
        .build()
        .map_err(Problem::refused)?;
    runtime.block_on(server::serve(listener, tls, control, &ready)).map_err(Problem::refused)
}
