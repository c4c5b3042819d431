"""The sentence patterns of the English corpus (see `grammar` for the notation, `english` for the slots)."""

ANIMAL = [
    "[One|The] {adj} {n} [was resting|was waiting|stayed for a long time|was asleep] {at}.",
    "{when}, the {adj} {n} {did}.",
    "{when}, the {n} {did} and the {n2} {did2}.",
    "The {n} {did}, but the {n2} only watched [from a distance|without a sound|for a while].",
    "A~{adj} {n} {did} while {P} [watched|stood still|looked on|was talking to {Q}].",
    "{ns} {canp}, and {ns2} {canp2}.",
    "{ns} eat {eats} and {eats}, [while|whereas] {ns2} [prefer|like] {eats2}.",
    "{ns} [like|love|enjoy] {eats}[, and so do {ns2}| as much as {ns2} do].",
    "Both {ns} and {ns2} are animals that [people know well|children love|{P} likes to draw].",
    (
        "[A~{big} is much heavier than a~{small}|A~{small} is far smaller than a~{big}|The {big} is bigger "
        "than the {small}|Next to a~{big}, a~{small} looks tiny]."
    ),
    "{P} [wants to know|asked {his} teacher|wonders|has read] why {ns} {canp}.",
    "[Did you know|Have you heard|Is it true] that {ns} {canp}?",
    "The book about {ns} also has a [page|chapter|picture] on {ns2} and {ns3}.",
    ("{P} drew a~{n}, a~{n2} and a~{n3} [for school|on one sheet of paper|with coloured chalk|for {his} {kin}]."),
    "In the [story|song|tale|old film|poem], a~{adj} {n} and a~{adj3} {n3} become [friends|neighbours].",
    "Is a~{n} [faster|stronger|cleverer|braver|quieter] than a~{n2}, or is a~{n3}?",
    "The {n} looked at the {n2}, and the {n2} looked [back|away|down|up for a moment].",
    "{P} [saw|counted|photographed] [two|three|four|several] {ns} and a [single|lonely|young] {n2} {day}.",
    "My {kin}'s favourite animal is the {n}, but [mine is|I prefer|I would choose] the {n2}.",
    "{P} prefers {ns} to {ns2} because {ns} [are {adj}|{canp}].",
    "There [is|was] a~{adj} {n} {at}[ again| today].",
    "A child pointed at the {n} {at} and said that it [looked|seemed|was] {adj}.",
    "The {adj} {n} [found|wanted|was looking for|soon ate] {eats}.",
    "A~{n} can {can}, and it can also {can}.",
    "The {n} in the picture is {adj}, the {n2} is {adj2}, and the {n3} is {adj3}.",
    "{ns}, {ns2} and {ns3} are [all animals|in this picture book|on the poster in our classroom].",
    "What does a~{n} eat? It eats {eats} and sometimes {eats}.",
    "Where is the {n}? It is {at}, [not far from|close to|next to] the {n2}.",
    "The {n} was {adj}, the {n2} was {adj2}, and both were [quiet|hungry|awake|a little tired] {day}.",
    (
        "{P} saw a~{adj} {n} {at}. It {did}. [{he} stood still and smiled|{he} told {Q} about it "
        "{after}|{his} {kin} took a photograph|{he} wrote it down in {his} diary]."
    ),
    "{P} is writing about {ns}. {he} has learned that {ns} {canp}. {he} has also read that they {canp}.",
    (
        "[For a week|All summer|For three days] {P} watched a~{n} {at}. {when}, it {did}. {he} gave it no "
        "name, because it was [a wild animal|not {hers}|only a visitor]."
    ),
    ("{Q} asked {P} which animal {he} liked best. [“The {n}|“A~{adj} {n}],” {he} said, “because it can {can}.”"),
    "First the {n} {did}. Then it {did}. {after}, it was {at} again.",
    (
        "The {n} and the {n2} are [old friends in this story|neighbours in this story|very different "
        "animals]. The {n} is [usually|often] {adj}, and the {n2} is {adj2}."
    ),
    "{P} had never been so close to a~{n} before. {he} expected it to be {adj}, but it was {adj}. It {did}.",
    (
        "Grandfather tells a tale about a~{adj} {n}. In the tale, the {n} {did}. A~{n3} helps it [in the "
        "end|get home]."
    ),
    (
        "The {n} {did} {day}. [Nobody but {P} noticed|{P} heard it from the next room|{P} wrote about it in "
        "a letter]."
    ),
]

KINDS = {
    "pet": [
        "{P} has a~{adj} {n} called {pet}. {when}, {pet} {did}.",
        "My {kin} keeps a~{n} and [two|three] {ns2} [at home|in a small flat|in a house with a garden].",
        (
            "{P} took the {n} to the vet because it [would not eat|had hurt a foot|was very quiet]. The vet "
            "said that the {n} needed [rest|more water|better food|a few pills]."
        ),
        "The {n} and the {n2} [share a bowl|sleep side by side|have lived together for years|get on well].",
        "We gave our {n} {eats}, and then the {n2} wanted some too.",
        (
            "{P} feeds the {n} every morning. {he} gives it {eats} and fresh water, and then {he} cleans up "
            "after the {n2}."
        ),
        "When {P} is away, {Q} looks after the {n} and the {n2}.",
        (
            "{pet} is a~{adj} {n}. {P} found {pet} {at}. Now the {n} [sleeps on {his} bed|follows {him} "
            "everywhere]."
        ),
        "Every {n} is different. Ours is {adj} and likes {eats}.",
        "{P} would like a~{n}, but {his} {kin} says a~{n2} is [easier to keep|cheaper|quieter|enough work].",
        "The children stroked the {n}, fed the {n2} and [played with|talked to|watched] the {n3}.",
        (
            "The {n} was lost for two days. {P} [looked everywhere|put up posters|asked all the "
            "neighbours]. {when}, it was back {at}, {adj} and hungry."
        ),
    ],
    "farm": [
        "{P} has a~{adj} {n} called {pet}. {when}, {pet} {did}.",
        "{pet} is the oldest {n} on the farm, and {pet2} is the youngest {n2}.",
        (
            "The farmer keeps {ns}, {ns2} and [a few|several|some old] {ns3f} [near the river|on a small "
            "farm|in the hills]."
        ),
        "On the farm the {n} is {at}, and the {n2} is {at2}.",
        "The farmer fed the {n} with {eats} and gave the {n2} {eats2}.",
        "{P} [grew up on|visited|works on] a farm with [six|ten|twenty] {ns} and [three|four|thirty] {ns2}.",
        (
            "Early in the morning the farmer opens the gate for the {n}. The {n2} [follows|waits its "
            "turn|stays behind]. By noon both are {at}."
        ),
        ("The [old|young|new] {n} was sold at the market, and the farmer bought a~{n2} [instead|the same day]."),
        "The farmer's wife called the {n}, but only the {n2} came.",
        (
            "A {storm} broke over the farm. The {n} and the {n2} were still {at}. The farmer led both of "
            "them into the barn."
        ),
    ],
    "forest": [
        "If you [sit still|wait quietly|come at dawn], you may see a~{n} {at}.",
        "The forest is home to {ns}, {ns2} and {ns3w}.",
        "{P} looked for the {n} in the wood, but [saw only|heard only|came back with a drawing of] a~{n2}.",
        "{P} walked through the wood and [saw|startled|almost missed] a~{adj} {n} {at}.",
        (
            "In the winter forest {ns} [are hard to find|leave few tracks|grow thin], and {ns2} [are "
            "quiet|rest a lot]."
        ),
        ("The {n} heard a branch break. It stood still. It was only a~{n2}, and the {n} [went on|relaxed] again."),
        ("At dusk a~{n} came out of the trees, and a~{n2} [slipped away|called from far off|stopped to listen]."),
    ],
    "safari": [
        "The {n} at the zoo is called {pet}, and the {n2} is called {pet2}.",
        "At the zoo {P} saw {ns}, {ns2} and a~{adj} {n3s}.",
        "The keeper at the zoo [called|weighed] the {n} and then [fed|went to see|talked about] the {n2}.",
        "The guide stopped the car so that {P} could photograph the {n} {at}.",
        "The {n} at the zoo {did}, and the children [cheered|stepped back|laughed|forgot their ice cream].",
        "In hot countries {ns} and {ns2} rest in the shade at noon.",
        "{P} queued for an hour to see the {n}. It was asleep. {he} went on to the {n2}, which {did2}.",
        "A young {n} was born at the zoo {day}, close to the house of the {ns2}.",
    ],
    "bird": [
        "The {n} is a bird that can {can}.",
        "{P} watches birds and has [seen|heard|drawn] a~{n}, a~{n2} and an old {n3b} this [month|year|week].",
        (
            "The {n} built a nest [in spring|far from the {ns2}|with twigs and moss]. Soon the chicks "
            "hatched. The {n} brought them {eats}."
        ),
        "{ns} and {ns2} are birds, but they live in [different ways|different places].",
        "A flock of birds passed overhead. There was one {n} among them, and a~{adj2} {n2} far behind.",
        "Through the glasses {P} could see the {n} {at}.",
        "The eggs of the {n} hatched {day}, and now the {adj} {n} is always busy.",
    ],
    "water": [
        "From the boat {P} saw a~{n}, [two|three] {ns2} and a~{n3m}.",
        "{ns} and {ns2} [both need|depend on|cannot live without] clean water.",
        (
            "The [sailors|fishers|divers] [spoke about|saw|were afraid of] a~{adj} {n} and [met|heard of] "
            "some {ns2}."
        ),
        (
            "At the aquarium the {n} [was popular|had its own room|came close to the glass], but {P} liked "
            "the {n2} best."
        ),
        "The {n} lives in the water, and {eats} are [part of its food|what it hunts].",
        "The water was clear, so {P} could see the {n} {at}.",
        (
            "A storm drove a~{n} onto the beach. {P} [called for help|kept it wet|ran to the harbour]. At "
            "high tide the {n} was back in the sea."
        ),
    ],
    "insect": [
        "The {n} is smaller than a~{n3b}, but it can {can}.",
        "{P} looked at the {n} through a magnifying glass, and then at a~{n2}.",
        "A~{n} sat on {P}'s sleeve, and a~{n2} sat on the table.",
        "Birds such as the {n3b} eat many a~{n} and many a~{n2}.",
        "{P} is not afraid of the {n}. {he} carried it outside and let it go beside a~{n2}.",
    ],
}

FOOD = [
    "{P} bought {f}, {f2} and {f3} at the market {day}.",
    (
        "[Nothing is better|There is nothing nicer|Few things are better] than {fadj} {f} [after a long "
        "walk|on a cold day|after work|on a Sunday]."
    ),
    "{fadj} {f} with {fwith} {make} a good {meal}.",
    "My {kin} [often|always|never|sometimes] eats {f} with {fwith} for {meal0}.",
    "The {f} {was} {how} and served with {fwith}.",
    "The {f} came from {from}, and the {f2} came from {from2}.",
    "{P} likes {f}, but {Q} prefers {f2}.",
    "Would you like {f} or {f2} for {meal0}?",
    "The cook served the {f} first and then brought the {f2}.",
    "{when}, {P} ate {fadj} {f} with {fwith} and drank [water|tea|coffee|milk|apple juice].",
    "There {was} {fadj} {f} on the table, and the kitchen smelled of {f2}.",
    "{P} does not eat {f}. {he} has {f2} with {fwith2} instead.",
    "{P} found the {f} [too expensive|not very good|rather poor|a little old] and took the {fadj2} {f2}.",
    "{f} and {f2} are cheap [this month|at the market|in the village], but {f3} {is3} dear.",
    "At the small restaurant we ordered {f} with {fwith} and {f2} with {fwith2}.",
    (
        "“[Can you cook|Do you like|Have we got any] {fadj} {f}?” {P} asked, and {Q} [nodded|laughed|shook "
        "{qhis} head]."
    ),
    "{P} packed {f} and {f2} for the [journey|picnic|long walk|school trip].",
    "The smell of {fadj} {f} [filled the kitchen|came through the window|woke {P}] {day}.",
    (
        "{P} learned to make {fc} from {his} {kin}. The first time {he} spoiled the {fc}. Now {he} [cooks "
        "for the whole family|needs no recipe|makes enough for ten people]."
    ),
    (
        "{Q} was hungry. There was nothing left but {f} and {fwith}. “That is enough,” {qhe} said, and "
        "{qhe} [ate it all|laid the table|sat down]."
    ),
    (
        "{P} invited {Q} for {meal0}. {he} served {f} with {fwith}. {Q} [asked for more|brought "
        "{f2}|praised the {f}]."
    ),
    "For {meal0} there {was} {how} {f}, {how2} {f2} and {fwith}.",
    "Children often [like|ask for|leave] {f}, and [adults|old people] often choose {f2}.",
    "We were out of {f}, so {P} went to [the corner shop|the market|a neighbour] and came back with {f2}.",
    ("[Every Sunday|Once a week|In winter|On holidays], my {kin} makes {fc} and serves {f} with {fwith}."),
    (
        "A plate of {f} and {f2} costs [four|five|six|seven|nine] euros at the café near the "
        "[station|market|school]."
    ),
    "“The {f} {is} {fadj},” said {P}, “and the {f2} {is2} {fadj2}.”",
]

JOB = [
    "{P} is a~{job} and works {jplace}.",
    "{jobs} {jdo} and {jdo}.",
    "{when}, the {job} {jdid}.",
    "The {job} {jdid}, and the {job2} {jdid2}.",
    "My {kina} [was|is|used to be] a~{job}, but my {kina2} [was|is|became] a~{job2}.",
    "A good {job} has to {jdo}.",
    "{P} wants to become a~{job}, because {jobs} {jdo}.",
    "The {job} [needs|uses|carries|has lost|bought] {jtool}.",
    "The {job} asked the {job2} for [help|advice|a pen|a lift home|the time].",
    "{jobs} and {jobs2} often work [long hours|at weekends|with their hands|in a team|at night].",
    "The new {job} starts work at [six|seven|eight|nine] and works {jplace}.",
    "A~{job} uses {jtool}, and a~{job2} uses {jtool2}.",
    "{Q} works {jplace}. {qhe} is a~{job}, and {qhis} day is long. {when}, {qhe} {jdid}.",
    (
        "{P} was tired after work. As a~{job}, {he} {jdid} and {jdid}. {he} [went to bed early|had a "
        "bath|slept in the bus]."
    ),
    (
        "The {job} met the {job2} {jplace}. They [talked about work|had coffee|shook hands|made a plan]. "
        "Then the {job} {jdid}."
    ),
    "“I am a~{job},” said {P}. “I {jdo} and {jdo}.”",
    "{P} could have been a~{job} like {his} {kina}, or a~{job2} like {his} {kina2}. {he} became a~{job3}.",
    "The {job} earns [more than|less than|as much as|hardly more than] the {job2}.",
    "While the {job} was away, the {job2} {jdid2}.",
    "Not every {job} likes to {jdo}.",
    "The {job} {jplace} [trained|knows|thanked|is married to] the {job2}.",
    ("It takes years to become a~{job}. {jobs} must {jdo}, and they must [stay calm|be patient|keep learning]."),
    "{P}, {Q} and {R} went to school together. Now {P} is a~{job}, {Q} is a~{job2} and {R} is a~{job3}.",
    "The {job} could not find {jtool}. {P} found it {after}. The {job} thanked {him} and {jdid}.",
]

FAMILY = [
    "{when}, my {kin} {kdid}.",
    "My {kin} {kdid} while my {kin2} {kdid2}.",
    "{P}'s {kin} and {his} {kin2} live [in {town}|in the same street|near the sea|next door|in the country].",
    "My {kin} phoned my {kin2} {day}.",
    "{P} loves {his} {kin} and visits {his} {kin2} every [week|month|summer|Sunday].",
    "“[Where|How] is your {kin}?” asked {P}. “{khe} {kdid},” I said.",
    "My {kin} looks like my {kin2}, but {khe} [laughs|talks|walks|writes] like my {kin3}.",
    "The whole family came: my {kin}, my {kin2} and my {kin3}.",
    (
        "My {kin} gave my {kin2} a [book|scarf|watch|basket of apples|train ticket] [as a birthday "
        "present|at Christmas|{day}]."
    ),
    "My {kin} is [taller|shorter|quieter|kinder|thinner|louder] than my {kin2}.",
    "{P} wrote a letter to {his} {kin}. {he} told {khim} that {his} {kin2} {kdid2}.",
    ("Everyone sat around the table. My {kin} told a joke, my {kin2} laughed, and my {kin3} asked for more {f}."),
    "My {kin} and I [walked to|drove to|met at|waited at] the [park|station|market|lake|library] {day}.",
    (
        "{P}'s {kin} was [ill|away|tired|worried|very happy], so {his} {kin2} [cooked|stayed at "
        "home|helped] that week."
    ),
    "The wedding was {day}. My {kin} cried, and my {kin2} danced with my {kin3}.",
    "My {kin} {kdid}. Then {khe} {kdid}, and {after} {khe} went to bed.",
    "“Who is that?” asked {P}. “My {kin},” I said, “and my {kin2} is on the [left|right|bench].”",
    (
        "My {kin} [taught|helped|reminded|persuaded] my {kin2} to [swim|cook|drive|save money|plant "
        "beans|speak Spanish]."
    ),
    ("In the photograph my {kin} stands [behind|beside|in front of] my {kin2} and holds the hand of my {kin3}."),
    "My {kin} [misses|hugged|thanked|forgave] my {kin2} and [kissed|called|waved to] my {kin3}.",
    "My {kin} has a~{adj3p} {n3p}, and my {kin2} has [a garden|a boat|no time for animals].",
    "My {kin} bought {f} for my {kin2} and {f2} for my {kin3}.",
]

PLACE = [
    "{town} is a city in {country}, and it lies {lies}.",
    "{town} is known for {known}.",
    "{P} [flew|moved|travelled] from {town} to {town2} last [week|month|spring|summer|autumn|winter|year].",
    "{P} went to {town} because of {known} and {known}.",
    "{P} lives in {town}, but {his} {kin} lives in {town2}.",
    "People who visit {country} often begin in {town} and look for {known}.",
    "Have you ever been to {town}? It lies {lies} and has {known}.",
    (
        "{when}, {P} arrived in {town}. {he} left {his} bag at the [hotel|station] and asked the way to the "
        "[market|river|museum|old town]. {he} liked {known} best."
    ),
    (
        "{P} sent {Q} a card from {town}. On it {he} wrote about {known} and the [weather|food|people|long "
        "journey]."
    ),
    "The {job} from {town} moved to {town2} [last year|in spring|after the war|for a new job].",
    (
        "The train to {town} was [late|full|early|almost empty]. {P} [read a book|slept|talked to a~{job}] "
        "on the way."
    ),
    "{country} and {country2} are countries, while {town} and {town2} are cities.",
    "We ate {f} with {fwith} in {town} and {f2} in {town2}.",
    (
        "{P} studied in {town}. There {he} met {Q}, a~{job} from {town2}. They [married|became "
        "friends|still write]."
    ),
]

WEATHER = [
    "In {season}, {sfact}.",
    "In {season}, {sfact}, and {sfact}.",
    "It was a~{wadj} {season} day, and {P} {wdo}.",
    "The weather in {town} was {wadj} {day}, so {P} {wdo}.",
    "{P} likes {season} because {sfact}.",
    "The morning was {wadj}. {P} {wdo}. {after}, {he} met {Q}, who was a~{job} from {town}.",
    "The day in {town} was {wadj}. {P} and {Q} {wdo}, and then they [went home|drank tea|walked on].",
]
