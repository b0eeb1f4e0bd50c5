/*
 * harness.mjs - two sides that speak the same: our line harness, and the reference in this process.
 *
 * Each has initiate(), reconcile(hex) and close(). reconcile resolves to { have, need, msg }, msg null when a
 * client is done, and rejects where the message is refused.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Negentropy, NegentropyStorageVector } from '@welshman/net/dist/net/src/negentropy.js';

/* In an ES module the reference finds SHA-256 only where it believes to be in a browser. */
globalThis.window = globalThis;

const running = new Set();

/* endAll - what a failed test left behind, so that the run ends */
export function endAll() {
	running.forEach((child) => child.kill());
}

export class Ours {
	constructor(program, items, frame) {
		this.child = spawn(program, [], {
			env: { ...process.env, FRAMESIZELIMIT: String(frame) },
			stdio: ['pipe', 'pipe', 'pipe'],
		});
		running.add(this.child);
		this.ended = once(this.child, 'close').then(() => running.delete(this.child));
		this.errors = '';
		this.child.stderr.on('data', (text) => (this.errors += text));
		this.child.stdin.on('error', () => {}); /* it ended: the answer says so */
		this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
		this.child.stdin.write(items.map(([time, id]) => `item,${time},${id}\n`).join('') + 'seal\n');
	}

	async answer(line) {
		const found = { have: [], need: [], msg: null };
		this.child.stdin.write(line + '\n');
		for (;;) {
			const { value, done } = await this.lines.next();
			if (done) {
				await this.ended;
				throw Error(this.errors || 'the harness ended without a word');
			}
			const [kind, hex] = value.split(',');
			if (kind === 'done') {
				return found;
			}
			if (kind === 'msg') {
				return { ...found, msg: hex };
			}
			found[kind].push(hex);
		}
	}

	async initiate() {
		return (await this.answer('initiate')).msg;
	}

	reconcile(hex) {
		return this.answer(`msg,${hex}`);
	}

	close() {
		this.child.stdin.end();
	}
}

export class Reference {
	constructor(items, frame) {
		const storage = new NegentropyStorageVector();
		for (const [time, id] of items) {
			storage.insert(time, id);
		}
		storage.seal();
		this.engine = new Negentropy(storage, frame);
	}

	initiate() {
		return this.engine.initiate();
	}

	async reconcile(hex) {
		const [msg, have, need] = await this.engine.reconcile(hex);
		return { have, need, msg };
	}

	close() {}
}

/* exchange - a whole reconciliation: all messages, and what the client found, each id once */
export async function exchange(client, server) {
	const messages = [await client.initiate()];
	const have = new Set();
	const need = new Set();
	for (let msg = messages[0]; msg !== null; ) {
		const answer = await server.reconcile(msg);
		const next = await client.reconcile(answer.msg);
		next.have.forEach((id) => have.add(id));
		next.need.forEach((id) => need.add(id));
		messages.push(answer.msg);
		if (next.msg !== null) {
			messages.push(next.msg);
		}
		msg = next.msg;
	}
	client.close();
	server.close();
	return { messages, have: [...have].sort(), need: [...need].sort() };
}
