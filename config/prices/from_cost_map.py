#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the price books of this folder from LiteLLM's cost map.

Usage: from_cost_map.py MAP.json VERSION [FOLDER]

MAP.json is model_prices_and_context_window.json (or the backup copy inside the litellm package),
VERSION what to name as its origin, for example "litellm 1.109.1". Prices are undated, since the map is:
add dated entries to a book of your own in front of these (prices.paths) when a price changes.
"""
import json
import re
import sys
from decimal import Decimal
from pathlib import Path

# Book -> (providers in the map, provider in spans, pricing page, modes)
BOOKS = {
    "openai": (["openai", "text-completion-openai"], "openai", "https://platform.openai.com/docs/pricing"),
    "anthropic": (["anthropic"], "anthropic", "https://www.anthropic.com/pricing"),
    "google": (["gemini"], "gemini", "https://ai.google.dev/gemini-api/docs/pricing"),
    "vertex": (
        ["vertex_ai-language-models", "vertex_ai-anthropic_models", "vertex_ai-llama_models",
         "vertex_ai-mistral_models", "vertex_ai-embedding-models", "vertex_ai"],
        "vertex_ai", "https://cloud.google.com/vertex-ai/generative-ai/pricing"),
    "azure": (["azure"], "azure", "https://azure.microsoft.com/pricing/details/cognitive-services/openai-service/"),
    "bedrock": (["bedrock", "bedrock_converse"], "bedrock", "https://aws.amazon.com/bedrock/pricing/"),
    "mistral": (["mistral"], "mistral", "https://mistral.ai/pricing"),
    "deepseek": (["deepseek"], "deepseek", "https://api-docs.deepseek.com/quick_start/pricing"),
    "xai": (["xai"], "xai", "https://docs.x.ai/docs/models"),
    "cohere": (["cohere", "cohere_chat"], "cohere", "https://cohere.com/pricing"),
    "groq": (["groq"], "groq", "https://groq.com/pricing"),
    "together": (["together_ai"], "together_ai", "https://www.together.ai/pricing"),
    "fireworks": (["fireworks_ai"], "fireworks_ai", "https://fireworks.ai/pricing"),
    "deepinfra": (["deepinfra"], "deepinfra", "https://deepinfra.com/pricing"),
    "qwen": (["dashscope"], "dashscope", "https://www.alibabacloud.com/help/en/model-studio/models"),
    "voyage": (["voyage"], "voyage", "https://docs.voyageai.com/docs/pricing"),
    "perplexity": (["perplexity"], "perplexity", "https://docs.perplexity.ai/getting-started/pricing"),
}
MODES = {"chat", "completion", "responses", "embedding", "rerank", "image_generation", None}
KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "cache_read_input_token_cost": "cacheRead",
    "cache_creation_input_token_cost": "cacheWrite",
    "cache_creation_input_token_cost_above_1hr": "cacheWrite1h",
    "input_cost_per_audio_token": "audioInput",
    "output_cost_per_audio_token": "audioOutput",
}
SUFFIX = re.compile(r"^(.*?)(?:_above_(\d+)k_tokens)?(?:_(priority|flex|batches))?$")


def plain(value):
    text = format(Decimal(str(value)).normalize(), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def per_million(value):
    return plain(Decimal(str(value)) * 1_000_000)


def rates_of(model):
    """Prices by (tier, context bound) and kind."""
    out = {}
    for field, value in model.items():
        if value is None or isinstance(value, (dict, list, bool)):
            continue
        if field in KINDS:
            out.setdefault(("", 0), {})[KINDS[field]] = per_million(value)
            continue
        base, bound, tier = SUFFIX.match(field).groups()
        if base in KINDS and (bound or tier):
            tier = {"batches": "batch", None: ""}.get(tier, tier)
            out.setdefault((tier, int(bound or 0) * 1000), {})[KINDS[base]] = per_million(value)
    return out


def flow(rates):
    return "{" + ", ".join(f"{k}: {v}" for k, v in sorted(rates.items())) + "}"


def quote(text):
    return json.dumps(text)


def entry(names, model, provider, page):
    rates = rates_of(model)
    lines = [f"  - model: {quote(names[0])}"]
    if names[1:]:
        lines.append("    aliases: [" + ", ".join(quote(n) for n in names[1:]) + "]")
    lines.append(f"    provider: {provider}")
    source = model.get("source") if isinstance(model.get("source"), str) and " " not in model.get("source") else page
    lines.append(f"    source: {quote(source)}")
    if ("", 0) in rates:
        lines.append(f"    usdPerMillion: {flow(rates[('', 0)])}")
    above = sorted(b for t, b in rates if t == "" and b)
    inclusive = ", inclusive: true" if provider == "xai" else ""
    if above:
        lines.append("    above:")
        lines += [f"      - {{tokens: {b}{inclusive}, usdPerMillion: {flow(rates[('', b)])}}}" for b in above]
    tiers = sorted({t for t, _ in rates if t})
    if tiers:
        lines.append("    tiers:")
        for tier in tiers:
            lines.append(f"      {tier}:")
            if (tier, 0) in rates:
                lines.append(f"        usdPerMillion: {flow(rates[(tier, 0)])}")
            bounds = sorted(b for t, b in rates if t == tier and b)
            if bounds:
                lines.append("        above:")
                lines += [f"          - {{tokens: {b}{inclusive}, usdPerMillion: {flow(rates[(tier, b)])}}}" for b in bounds]
    per_request = model.get("input_cost_per_query") or model.get("input_cost_per_request")
    if per_request:
        lines.append(f"    perRequestUsd: {plain(per_request)}")
    per_image = model.get("output_cost_per_image")
    if per_image:
        lines.append(f"    perImageUsd: {plain(per_image)}")
    priced = ("", 0) in rates or per_request or per_image
    return "\n".join(lines) if priced else None


def main(map_file, version, folder):
    models = json.loads(Path(map_file).read_text(), parse_float=Decimal)
    models.pop("sample_spec", None)
    for book, (sources, provider, page) in BOOKS.items():
        groups = {}
        seen = set()
        for key, model in models.items():
            if model.get("litellm_provider") not in sources or model.get("mode") not in MODES:
                continue
            if key.count("-x-") or "/max-steps/" in key or "-steps/" in key or "month-commitment" in key:
                continue
            name = key.split("/", 1)[1] if "/" in key and key.split("/", 1)[0] in sources + [provider] else key
            if name in seen:
                continue
            seen.add(name)
            fingerprint = json.dumps({k: str(v) for k, v in sorted(model.items()) if "cost" in k})
            # Dated names of one model at one price share an entry.
            stem = re.sub(r"[-@](\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest|\d{3})$", "", name)
            groups.setdefault((stem, fingerprint), ([], model))[0].append(name)
        entries = []
        for (_, _), (names, model) in sorted(groups.items(), key=lambda g: g[1][0][0]):
            text = entry(sorted(names, key=lambda n: (len(n), n)), model, provider, page)
            if text:
                entries.append(text)
        header = (f"# Prices in USD per million tokens, from LiteLLM's cost map ({version}) by from_cost_map.py;\n"
                  f"# each entry names the page the price stands on.\nsource: {quote(version)}\ncurrency: USD\nentries:\n")
        (Path(folder) / f"{book}.yaml").write_text(header + "\n".join(entries) + "\n")
        print(f"{book}: {len(entries)} entries")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else Path(__file__).parent)
