/*
 * Prints, as JSON, what the npm packages spamc and spamc-stream understood of each answer.
 *
 * usage: npm.js PORT < message
 */
'use strict';

const fs = require('fs');
const Spamc = require('spamc');
const SpamcStream = require('spamc-stream');

const port = Number(process.argv[2]);
const message = fs.readFileSync(0, 'latin1');
const commands = ['check', 'symbols', 'report', 'reportIfSpam', 'headers', 'process'];

function plain(command) {
	return new Promise((resolve, reject) => {
		const done = (error, answer) => (error ? reject(error) : resolve(answer));
		const client = new Spamc('127.0.0.1', port, 60);

		if (command === 'ping') {
			client.ping(done);
		} else {
			client[command](message, done);
		}
	});
}

function streamed(command) {
	return new Promise((resolve, reject) => {
		const client = new SpamcStream('127.0.0.1', port, 60);

		if (command === 'ping') {
			client.ping((error, answer) => (error ? reject(error) : resolve(answer)));
			return;
		}
		const pass = client[command]();
		pass.on('error', reject);
		pass.on('report', resolve);
		pass.end(message);
	});
}

async function main() {
	const got = {spamc: {}, 'spamc-stream': {}};

	for (const command of ['ping', ...commands]) {
		got.spamc[command] = await plain(command);
		got['spamc-stream'][command] = await streamed(command);
	}
	process.stdout.write(JSON.stringify(got));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
