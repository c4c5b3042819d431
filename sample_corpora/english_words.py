"""The foods, family members, towns and names of the English corpus."""

# A record is: name and the verb that agrees with it; adjectives; how it is prepared; what goes with it;
# when it is eaten; where it comes from.
FOODS = """
= bread is
fresh, warm, brown, crusty, dark
baked, toasted, sliced
butter, cheese, soup, jam, honey
breakfast, supper
the bakery, our own oven
= rice is
white, brown, plain, hot
boiled, steamed, fried
beans, chicken, vegetables, fish, curry
lunch, dinner
the market, the corner shop
= soup is
hot, thick, thin, tasty
boiled, stirred, served
bread, rice, noodles, cream
lunch, supper
a large pot, the kitchen
= cheese is
soft, old, salty, white, yellow
melted, grated, sliced
bread, grapes, tomatoes, ham, apples
breakfast, lunch
the dairy, the market
= noodles are
long, hot, thin, spicy
boiled, fried, stirred
eggs, beef, mushrooms, cabbage, soup
lunch, dinner
the noodle shop, the market
= pancakes are
thin, sweet, hot, golden
fried, turned, served
jam, honey, butter, lemon, cream
breakfast, tea
a hot pan, the café
= potatoes are
new, hot, large, yellow
boiled, baked, mashed, roasted
butter, fish, beef, sausages, cheese
lunch, dinner
the farm shop, the market
= carrots are
sweet, orange, crisp, young
boiled, grated, roasted
peas, potatoes, beef, onions
lunch, dinner
the farm shop, our garden
= onions are
red, strong, white, chopped
fried, chopped, roasted
beef, tomatoes, potatoes, sausages
lunch, dinner
the market, our garden
= tomatoes are
red, ripe, sweet, juicy
sliced, stewed, roasted
cheese, pasta, onions, bread
lunch, supper
our garden, the market
= cabbage is
green, crisp, red, fresh
boiled, steamed, stewed
potatoes, ham, carrots, sausages
lunch, dinner
the farm shop, the market
= mushrooms are
brown, wild, fresh, small
fried, stewed, sliced
eggs, noodles, pasta, butter
breakfast, supper
the market, the farm shop
= beans are
green, white, soft, spicy
boiled, stewed, baked
rice, sausages, bread, tomatoes
lunch, supper
our garden, the corner shop
= eggs are
fresh, brown, large, soft
boiled, fried, scrambled
toast, ham, mushrooms, potatoes
breakfast, lunch
the farm shop, the market
= fish is
fresh, smoked, salty, white
grilled, fried, steamed, baked
rice, potatoes, lemon, peas
lunch, dinner
the harbour, the fishmonger
= chicken is
tender, spicy, golden, cold
roasted, grilled, fried, stewed
rice, potatoes, salad, mushrooms
lunch, dinner
the butcher, the market
= beef is
tender, lean, spicy, cold
roasted, stewed, grilled
onions, carrots, potatoes, noodles
lunch, dinner
the butcher, the market
= ham is
smoked, salty, lean, cold
sliced, baked, fried
eggs, bread, cheese, cabbage
breakfast, lunch
the butcher, the farm shop
= sausages are
spicy, fat, hot, smoked
fried, grilled, roasted
potatoes, onions, beans, bread
lunch, supper
the butcher, the market
= pasta is
fresh, hot, plain, thin
boiled, baked, stirred
tomatoes, cheese, mushrooms, ham
lunch, dinner
the corner shop, the kitchen
= salad is
green, crisp, fresh, cold
mixed, chopped, served
chicken, cheese, eggs, bread
lunch, supper
our garden, the café
= curry is
spicy, hot, thick, yellow
stewed, stirred, served
rice, bread, chicken, beans
dinner, supper
the kitchen, the small restaurant
= pie is
warm, golden, sweet, crusty
baked, sliced, served
cream, custard, tea, cheese
tea, supper
the bakery, our own oven
= cake is
sweet, soft, rich, moist
baked, sliced, iced
tea, cream, coffee, strawberries
tea, a birthday
the bakery, the café
= biscuits are
crisp, sweet, thin, golden
baked, dipped, packed
tea, milk, coffee, jam
tea, a picnic
the bakery, the corner shop
= porridge is
hot, thick, plain, creamy
boiled, stirred, served
milk, honey, apples, nuts
breakfast, supper
a small pot, the kitchen
= yoghurt is
cold, sour, thick, plain
stirred, chilled, served
honey, strawberries, nuts, apples
breakfast, tea
the dairy, the corner shop
= apples are
red, green, crisp, sour
baked, stewed, peeled
cheese, cream, honey, nuts
tea, a picnic
our garden, the orchard
= pears are
ripe, soft, juicy, sweet
stewed, peeled, sliced
cheese, cream, nuts, yoghurt
tea, a picnic
the orchard, the market
= strawberries are
ripe, red, sweet, juicy
washed, sliced, crushed
cream, sugar, yoghurt, cake
tea, a picnic
our garden, the farm shop
= dumplings are
hot, soft, small, juicy
steamed, boiled, fried
soup, cabbage, beef, mushrooms
lunch, dinner
the noodle shop, the kitchen
= toast is
warm, brown, crisp, dry
buttered, sliced, served
butter, eggs, jam, honey, beans
breakfast, tea
the kitchen, the café
= stew is
hot, thick, rich, spicy
stirred, served, warmed
bread, potatoes, dumplings, cabbage
dinner, supper
a large pot, the small restaurant
= pizza is
hot, thin, crisp, cheap
baked, sliced, served
mushrooms, cheese, tomatoes, salad
lunch, supper
the small restaurant, a stone oven
= sandwiches are
fresh, thick, cold, tasty
toasted, packed, sliced
ham, cheese, salad, tea
lunch, a picnic
the café, the bakery
"""

# A record is: name, gender and generation (1 grandparents to 3 children).
FAMILY = """
mother f 2, father m 2, sister f 3, brother m 3, grandmother f 1, grandfather m 1, aunt f 2, uncle m 2,
daughter f 3, son m 3, wife f 2, husband m 2, niece f 3, nephew m 3, granddaughter f 3, grandson m 3,
mother f 2, father m 2, sister f 3, brother m 3
"""
FAMILY_DID = {
    "1": "told us an old story, dozed in the armchair, knitted a scarf, looked at the old photographs, "
    "planted tulips, wound the clock, hummed a tune, baked a plum pie, searched for a pair of glasses",
    "2": "cooked dinner, paid the bills, drove us to the station, mended my coat, made a pot of tea, came "
    "home "
    "late, hung out the washing, painted the kitchen, phoned from work, ironed the shirts, read the "
    "newspaper",
    "3": "finished some homework, played the piano, lost a glove, drew a picture, built a sandcastle, "
    "learned to swim, won a race, fell off a bicycle, sang in the school choir, wrote a long letter",
}

# A record is: town; country; where it lies; what it is known for.
TOWNS = """
Paris; France; on the Seine; the Eiffel Tower, wide boulevards, old bookstalls
Lyon; France; on the Rhône; good restaurants, silk, Roman ruins
London; England; on the Thames; red buses, Tower Bridge, large parks
Liverpool; England; on the Mersey; old docks, football, music
Edinburgh; Scotland; near the sea; a castle on a rock, steep streets, a summer festival
Dublin; Ireland; on the Liffey; writers, music, old libraries
Berlin; Germany; on the Spree; museums, lakes, a tall television tower
Munich; Germany; on the Isar; beer gardens, museums, fine churches
Hamburg; Germany; on the Elbe; a large harbour, brick warehouses, fish markets
Vienna; Austria; on the Danube; music, coffee houses, palaces
Salzburg; Austria; near the mountains; Mozart, a fortress, music
Zurich; Switzerland; on a lake; banks, clean trams, chocolate
Rome; Italy; on the Tiber; the Colosseum, fountains, old churches
Venice; Italy; on a lagoon; canals, bridges, glass
Florence; Italy; on the Arno; paintings, a great dome, leather
Madrid; Spain; in the middle of the country; the Prado, late dinners, sunny squares
Barcelona; Spain; on the coast; beaches, unusual houses, football
Lisbon; Portugal; on the Tagus; yellow trams, steep hills, grilled sardines
Athens; Greece; near the sea; ancient temples, olive trees, hot summers
Amsterdam; the Netherlands; on the Amstel; canals, bicycles, tulips
Brussels; Belgium; in the middle of the country; chocolate, waffles, a grand square
Copenhagen; Denmark; on the coast; bicycles, a small mermaid, harbour baths
Stockholm; Sweden; on many islands; bridges, clear water, light summer nights
Oslo; Norway; on a fjord; ski jumps, ships, long winters
Helsinki; Finland; on the coast; saunas, islands, modern houses
Warsaw; Poland; on the Vistula; a rebuilt old town, parks, Chopin
Prague; the Czech Republic; on the Vltava; an old clock, a stone bridge, a castle
Budapest; Hungary; on the Danube; hot baths, bridges, pastry shops
Moscow; Russia; on the Moskva; Red Square, deep metro stations, cold winters
Istanbul; Turkey; on the Bosphorus; mosques, ferries, a covered market
Cairo; Egypt; on the Nile; pyramids, busy streets, museums
Nairobi; Kenya; in the highlands; a national park, coffee, red earth
Cape Town; South Africa; on the coast; a flat mountain, beaches, vineyards
Delhi; India; on the Yamuna; markets, spices, the Red Fort
Mumbai; India; on the coast; films, crowded trains, a busy port
Beijing; China; in the north of the country; the Forbidden City, roast duck, old lanes
Shanghai; China; on the Huangpu; tall towers, ships, bright lights
Hangzhou; China; on a lake; tea, silk, willow trees
Tokyo; Japan; on the coast; fast trains, cherry trees, crowded crossings
Kyoto; Japan; among green hills; temples, gardens, paper lanterns
Seoul; South Korea; on the Han; palaces, night markets, mountain paths
Bangkok; Thailand; on the Chao Phraya; golden temples, floating markets, street food
Sydney; Australia; on the coast; an opera house, beaches, ferries
Toronto; Canada; on a lake; a tall tower, islands, cold winters
Boston; the United States; on the coast; universities, brick houses, old ships
Chicago; the United States; on a lake; tall towers, strong wind, jazz
Lima; Peru; on the coast; grey cliffs, fish dishes, old balconies
"""

NAMES = {
    "f": "Anna, Clara, Emma, Grace, Helen, Ida, Julia, Kate, Laura, Maria, Nora, Olga, Rosa, Sarah, Vera",
    "m": "Adam, Ben, Carl, David, Erik, Frank, George, Hugo, Ivan, Jack, Leo, Martin, Oscar, Paul, Tom",
}
PET_NAMES = "Pepper, Biscuit, Misty, Coco, Ginger, Smoky, Poppy, Bruno, Daisy, Oliver, Ruby, Sam, Toffee, Molly"
