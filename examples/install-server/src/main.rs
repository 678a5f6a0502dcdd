//! Runs the server, by the settings in the environment: see `slack_install_server::Settings`.

use std::{error::Error, process::ExitCode};

use slack_auth::{
    Client, Endpoint, InstallationStore, Limits,
    oauth::{SessionBinding, StateSigningKey, random_bytes},
};
use slack_fake::Clock;
use slack_install_server::{Config, KeepAlive, Settings, demo_app, demo_slack, router};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(|name| std::env::var(name).ok()) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match serve(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the server ended: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(settings.listen).await?;
    let state_key = match settings.state_key {
        Some(key) => key,
        None => drawn_state_key()?,
    };
    let store = settings.store.open().await?;
    // The fake Slack answers as long as it is held.
    let mut fake = None;
    let (slack, app) = if let Some(app) = settings.app {
        (Endpoint::slack(), app)
    } else {
        let app = demo_app(listener.local_addr()?.port())?;
        let fake = fake.insert(demo_slack(&app.public_url, Clock::real())?);
        println!("No app is set: a fake Slack answers at {}.", fake.origin());
        (Endpoint::new(fake.origin())?, app)
    };
    let slack = Client::with_reqwest(slack, Limits::new())?;
    let store = InstallationStore::new(store, app.client.id().clone());
    let keeper = KeepAlive::start(slack.clone(), app.client.clone(), store.clone())?;
    let mut config = Config::new(slack, app.client, app.public_url, state_key, store);
    config.signing_secret = app.signing_secret;
    println!("Open {}/", config.public_url);
    let routes = router(config)?.merge(keeper.router());
    axum::serve(listener, routes).with_graceful_shutdown(stopped()).await?;
    let left = keeper.stop().await;
    println!("Stopped; refreshes under way: {}, pairs not stored: {}.", left.running, left.unsaved);
    Ok(())
}

/// Waits for Ctrl-C, or for SIGTERM, which process managers send.
async fn stopped() {
    let interrupted = async {
        // Without the signal the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// Draws a key, which ends with this process: who is on Slack's pages then must start again.
fn drawn_state_key() -> Result<StateSigningKey, Box<dyn Error>> {
    let drawn = SessionBinding::from_random_bytes(&random_bytes()?);
    Ok(StateSigningKey::new(drawn.expose())?)
}
